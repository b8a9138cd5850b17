"""A CSV file (RFC 4180) row by row: a row is a record, its header line names the fields, every cell stays text."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from schemas.errors import ConfigError, Reason, Unparseable
from streams.publish import lines
from streams.publish.lines import Line
from streams.publish.payloads import check_utf8

MAX_COLUMNS = 500  # as of a table that is one payload


def header(source: BinaryIO, limit: int) -> tuple[str, ...]:
    """The columns, by the first row. Raises ConfigError: without them no row of the file says anything."""
    first = next(read(source, offset=0, number=1, limit=limit), None)
    try:
        columns = _cells(first.content) if first and first.content is not None else ()
    except Unparseable:
        columns = ()
    if len(columns) == 1 and any(sign in columns[0] for sign in ";\t|"):
        raise ConfigError("the first row names a single column; columns are separated by commas")
    if not columns or len(columns) > MAX_COLUMNS or len(set(columns)) != len(columns):
        raise ConfigError(f"the first row must name the columns, each once and at most {MAX_COLUMNS}, in UTF-8")
    return columns


def read(source: BinaryIO, *, offset: int, number: int, limit: int) -> Iterator[Line]:
    """The rows from `offset` on, as `lines.read` gives lines; a line end in quotes is a line feed in its cell.

    A row of several lines has the number of its last. Where a quote doesn't end within `limit` bytes, its line is
    a row by itself, which `record` refuses, and the next line starts anew: what stands there is not lost with it.
    """
    source_lines = lines.read(source, offset=offset, number=number, limit=limit)
    waiting: deque[Line] = deque()
    while row := _row(waiting, source_lines, limit):
        yield Line(row[-1].number, _content(row), row[-1].end)


def record(content: bytes, columns: tuple[str, ...]) -> Mapping[str, str]:
    """Column to cell. Raises Unparseable: `bad_utf8`; `bad_csv` for a row of another length, or a stray quote."""
    cells = _cells(content)
    if len(cells) != len(columns):
        raise Unparseable(Reason.BAD_CSV, "the row has more or fewer cells than the header")
    return dict(zip(columns, cells, strict=True))


def _row(waiting: deque[Line], source: Iterator[Line], limit: int) -> list[Line]:
    """The lines of the next row, none at the end of the file; `waiting` are those read already."""
    row: list[Line] = []
    size, is_open = 0, False
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        row.append(line)
        if line.content is None or size > limit:
            break
        size += len(line.content) + 1
        is_open ^= line.content.count(b'"') % 2 == 1  # a quote within a cell is written twice
        if not is_open:
            return row
    waiting.extendleft(reversed(row[1:]))
    return row[:1]


def _content(row: Sequence[Line]) -> bytes | None:
    parts = [line.content for line in row if line.content is not None]
    return b"\n".join(parts) if len(parts) == len(row) else None


def _cells(content: bytes) -> tuple[str, ...]:
    text = check_utf8(content)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise Unparseable(Reason.BAD_CSV, "not CSV") from None
    if len(rows) != 1:
        raise Unparseable(Reason.BAD_CSV, "not one row")
    return tuple(rows[0])
