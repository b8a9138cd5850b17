"""Tables of commands in terminals of every width."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from deploy.cli.output import PlainTable

WORDS = st.text(st.sampled_from("abcXYZ09.-äß漢é "), max_size=30).map(str.strip)
ROWS = st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=4)


def printed(rows: list[tuple[str, ...]], width: int) -> str:
    table = PlainTable("process", "state", "behind")
    for row in rows:
        table.add_row(*row)
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, markup=False, emoji=False).print(table)
    return out.getvalue()


def bare(text: str) -> str:
    return "".join(text.split())


@given(ROWS, st.integers(20, 130))
def test_in_no_width_anything_is_cut_off_or_over_the_edge(rows: list[tuple[str, ...]], width: int) -> None:
    said = printed(rows, width)
    assert all(cell_len(line.rstrip()) <= width for line in said.splitlines())
    assert [cell for row in rows for cell in row if bare(cell) not in bare(said)] == []


def test_what_fits_is_a_table() -> None:
    rows = [("redact.demo.0", "works", "12"), ("label.demo.0", "waits", "")]
    assert [line.split() for line in printed(rows, 30).splitlines()] == [
        ["process", "state", "behind"],
        ["redact.demo.0", "works", "12"],
        ["label.demo.0", "waits"],
    ]


def test_what_does_not_fit_is_told_line_by_line_without_what_is_empty() -> None:
    rows = [("redact.demo.0", "works", "12"), ("label.demo.0", "waits", "")]
    assert [line.split() for line in printed(rows, 25).splitlines()] == [
        *(["process", "redact.demo.0"], ["state", "works"], ["behind", "12"], []),
        *(["process", "label.demo.0"], ["state", "waits"]),
    ]
