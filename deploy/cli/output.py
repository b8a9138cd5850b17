"""What commands print: for a person in words and colour, for a program as JSON alone on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.progress import Report

GOOD, BAD, WAITING, QUIET, NAME = "green", "bold red", "yellow", "dim", "bold"
MIB = 1024 * 1024
UNBOUND = 10_000
"""Columns, where no terminal is: what is searched and cut by other programs is neither wrapped nor cropped."""


class Output:
    """One command's output. Nothing is read as markup: names of files and of people come in."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        seen = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
        self._out = Console(width=None if seen else UNBOUND, highlight=False, markup=False, emoji=False)
        self._err = Console(stderr=True, highlight=False, markup=False, emoji=False)

    @property
    def width(self) -> int:
        """How many columns a line may have."""
        return self._out.width

    @property
    def progress_console(self) -> Console:
        """Where progress is drawn: standard error, so that standard output is the result alone."""
        return self._err

    def result(self, content: Mapping[str, object] | Sequence[object], *words: RenderableType) -> None:
        """The result: `content` for a program, else `words` one below the other."""
        if self.as_json:
            self.json_line(content)
            return
        for word in words:
            self._out.print(word)

    def json_line(self, content: object) -> None:
        """One JSON document, on a line of its own."""
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def line(self, text: Text | str) -> None:
        """A line of a stream of lines: never wrapped, so that it can be searched."""
        self._out.print(text, soft_wrap=True)

    def note(self, text: Text | str) -> None:
        """Something beside the result, on standard error."""
        self._err.print(text, soft_wrap=True)

    @contextmanager
    def steps(self, waiting_for: str) -> Iterator[Report]:
        """A spinner while something takes long; each step that is reported becomes a line with a tick."""
        with self._err.status(Text(waiting_for), spinner="dots"):
            yield lambda step: self._err.print(Text.assemble(("  ✓ ", GOOD), step), soft_wrap=True)


def heading(text: str, aside: str = "") -> Text:
    """A first line."""
    return Text.assemble((text, NAME), ("  " + aside if aside else "", QUIET))


class PlainTable(Table):
    """Columns without lines, which read well in a log too. Where they don't fit, each row becomes a few lines, a
    column each: nothing is ever cut off.
    """

    def __init__(self, *columns: str) -> None:
        super().__init__(box=None, padding=(0, 2, 0, 0), header_style=QUIET, show_edge=False, pad_edge=False)
        for column in columns:
            self.add_column(column, no_wrap=True, overflow="crop")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table, or one row below the other."""
        whole = options.update(max_width=UNBOUND)
        if Measurement.get(console, whole, self).maximum <= options.max_width:
            yield from super().__rich_console__(console, whole)
            return
        rows = zip(*(column.cells for column in self.columns), strict=True)
        for number, cells in enumerate(rows):
            if number:
                yield Text("")
            yield self._below(cells)

    def _below(self, cells: Iterable[RenderableType]) -> Table:
        """One row, a column a line; those that are empty there are left out."""
        shown = Table.grid(padding=(0, 2, 0, 0))
        shown.add_column(style=QUIET, no_wrap=True)
        shown.add_column(overflow="fold")
        for column, cell in zip(self.columns, cells, strict=True):
            if str(cell).strip():
                shown.add_row(column.header, cell)
        return shown


def commands(*pairs: tuple[str, str]) -> RenderableType:
    """How to go on: commands, and what each does."""
    table = PlainTable("", "")
    table.show_header = False
    for command, purpose in pairs:
        table.add_row(Text(command, style="cyan"), Text(purpose, style=QUIET))
    return Padding(table, (0, 0, 0, 2), expand=False)
