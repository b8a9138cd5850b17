"""Rows as JSON Lines: UTF-8, an object a line, which pandas, `datasets` and jq read as they are. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from deploy.export.rows import Row


def json_lines(rows: Iterable[Row]) -> bytes:
    """The file. U+2028 and its like are escaped: some readers take them for the end of a line."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    return "".join(f"{_one_line(line)}\n" for line in lines).encode()


def _one_line(line: str) -> str:
    return line.translate({0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"})
