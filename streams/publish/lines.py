"""A file line by line, with a limit on the length of a line, and where each line ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A line without its end (LF or CR LF); `content` is None where it is longer than the limit."""

    number: int
    content: bytes | None
    end: int
    """Offset of the byte after the line and its end."""

    def __repr__(self) -> str:
        return f"Line({self.number})"


def read(source: BinaryIO, *, offset: int, number: int, limit: int) -> Iterator[Line]:
    """The lines from `offset` on, the first being line `number`. Holds at most `limit` + 3 bytes of one."""
    source.seek(offset)
    longest = limit + 2 + len(_BOM)
    while data := source.readline(longest + 1):
        end = source.tell()
        if not data.endswith(b"\n") and len(data) > longest:
            end = _skip(source)
        content: bytes | None = data.removesuffix(b"\n").removesuffix(b"\r")
        if offset == 0 and content is not None:
            content = content.removeprefix(_BOM)
        if content is not None and len(content) > limit:
            content = None
        yield Line(number, content, end)
        offset, number = end, number + 1


def _skip(source: BinaryIO) -> int:
    """Read on to the end of the line; the offset after it."""
    while (data := source.readline(_CHUNK)) and not data.endswith(b"\n"):
        pass
    return source.tell()
