"""CSV payloads (RFC 4180): a header line, then rows of as many columns."""

from __future__ import annotations

import csv
import io

from schemas.errors import Reason, Unparseable

MAX_COLUMNS = 500


def rows_of(text: str) -> list[dict[str, str]]:
    """A mapping of column to cell for each row; cells stay text. A line without any cell is no row.

    Raises Unparseable: `duplicate_key` for a column given twice, `bad_csv` for a row longer or shorter than the
    header, a quote that never ends, a payload without a header.
    """
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        table = [line for line in lines if line]
    except csv.Error:
        raise Unparseable(Reason.BAD_CSV) from None
    if not table or len(table[0]) > MAX_COLUMNS:
        raise Unparseable(Reason.BAD_CSV)
    header = table[0]
    if len(set(header)) != len(header):
        raise Unparseable(Reason.DUPLICATE_KEY)
    if any(len(row) != len(header) for row in table[1:]):
        raise Unparseable(Reason.BAD_CSV)
    return [dict(zip(header, row, strict=True)) for row in table[1:]]
