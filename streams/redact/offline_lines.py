"""The lines of an offline file: each a record with an `id`, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from schemas.errors import Reason, RecordError
from schemas.hidden import Hidden, RawRecord
from streams.redact.parse import MAX_BYTES, parse_json_object

MAX_ID = 200  # characters; longer is content, not a name
MAX_IDS = 5_000_000  # remembered to find duplicates, about 0.6 GB at the very most
_CHUNK = 64 * 1024

MISSING_ID = "missing_id"
BAD_ID = "bad_id"
DUPLICATE_ID = "duplicate_id"
INTERNAL_ERROR = "internal_error"  # our fault and not the line's: the others are done all the same


class Line(Hidden):
    """One input line: `number` from 1, `name` its id where it has one; `record`, or else `reason`."""

    __slots__ = ("name", "number", "reason", "record", "size")

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.name: str | int | None = None
        self.record: RawRecord | None = None
        self.reason = ""


class Lines:
    """Reads a file's lines and remembers their ids."""

    def __init__(self) -> None:
        self._seen: set[str | int] = set()

    def read(self, stream: BinaryIO) -> Iterator[Line]:
        """The lines that are not empty, in order."""
        for number, content in enumerate(_contents(stream), 1):
            if content is None or content.strip():
                yield self._line(number, content)

    def _line(self, number: int, content: bytes | None) -> Line:
        line = Line(number, len(content or b""))
        try:
            if content is None:
                raise _BadLine(Reason.TOO_LARGE.value)
            fields = dict(parse_json_object(content))
            line.name = _usable(fields.pop("id", None))
            self._remember(line.name)
            line.record = RawRecord(fields)
        except RecordError as error:
            line.reason = error.reason.value
        except _BadLine as error:
            line.reason = error.reason
        return line

    def _remember(self, name: str | int) -> None:
        if name in self._seen:
            raise _BadLine(DUPLICATE_ID)
        if len(self._seen) < MAX_IDS:
            self._seen.add(name)


def _usable(value: object) -> str | int:
    """An id is a short text or an integer."""
    if value is None or value == "":
        raise _BadLine(MISSING_ID)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or len(str(value)) > MAX_ID:
        raise _BadLine(BAD_ID)
    return value


class _BadLine(Exception):  # private, and caught in this file
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _contents(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines without their end; `None` for one longer than a record may be, of which only a part was in memory."""
    while line := stream.readline(MAX_BYTES + 2):
        if line.endswith(b"\n") or len(line) < MAX_BYTES + 2:
            yield line.rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_CHUNK)
        yield None
