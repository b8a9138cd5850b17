"""`veil redact`: a file of JSON lines in, sanitized JSON lines out. Neither Kafka nor Vault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from schemas.errors import ConfigError, RecordError
from schemas.hidden import RawRecord
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector
from streams.redact.outcome import Redacted
from streams.redact.parse import MAX_BYTES, parse_json_object
from streams.redact.redactor import redact
from topology.policies import Mode, Policy

MAX_ID = 200  # characters; longer is content, not a name
MAX_IDS = 5_000_000  # remembered to find duplicates, about 0.6 GB at the very most
_CHUNK = 64 * 1024

MISSING_ID = "missing_id"
BAD_ID = "bad_id"
DUPLICATE_ID = "duplicate_id"


@dataclass(frozen=True, slots=True)
class Summary:
    """Lines that were not empty, by what became of them. `failed` > 0 makes the command end with exit code 3."""

    lines: int
    redacted: int
    failed: int


def redact_file(
    source: Path, policy: Policy, mode: Mode | None, out: TextIO, detector: Detector | None = None
) -> Summary:
    """Write one output line per input line that is not empty, in order.

    A good line gives `id`, `record` and `spans`. A bad one gives `id` (null when it has none that can be used)
    and `error`: a reason from a fixed list and the number of the line, never a value. `mode` overrides the
    policy's; for now all modes detect alike.
    Raises `ConfigError` when `source` can't be read.
    """
    del mode
    worker = _Worker(policy, detector or build_detector(policy))
    try:
        with source.open("rb") as stream:
            for number, line in enumerate(_lines(stream), 1):
                if line is None or line.strip():
                    out.write(json.dumps(worker.answer(number, line), ensure_ascii=False) + "\n")
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}") from None
    return worker.summary()


class _Worker:
    def __init__(self, policy: Policy, detector: Detector) -> None:
        self._policy = policy
        self._detector = detector
        self._seen: set[str | int] = set()
        self._counts = {"redacted": 0, "failed": 0}

    def answer(self, number: int, line: bytes | None) -> dict[str, object]:
        """The output line for input line `number`; `None` stands for one that was too long to read."""
        name: str | int | None = None
        try:
            if line is None:
                raise _BadLine("too_large")
            fields = dict(parse_json_object(line))
            name = _usable(fields.pop("id", None))
            self._remember(name)
            return self._redacted(name, fields)
        except RecordError as error:
            reason = error.reason.value
        except _BadLine as error:
            reason = error.reason
        self._counts["failed"] += 1
        return {"id": name, "error": f"{reason} (line {number})"}

    def summary(self) -> Summary:
        return Summary(sum(self._counts.values()), **self._counts)

    def _remember(self, name: str | int) -> None:
        if name in self._seen:
            raise _BadLine(DUPLICATE_ID)
        if len(self._seen) < MAX_IDS:
            self._seen.add(name)

    def _redacted(self, name: str | int, fields: dict[str, object]) -> dict[str, object]:
        outcome = redact(RawRecord(fields), self._policy, self._detector)
        if not isinstance(outcome, Redacted):
            raise _BadLine(outcome.reason.value)
        self._counts["redacted"] += 1
        spans = [
            {
                "field": span.field,
                "start": span.start,
                "end": span.end,
                "entity_type": span.entity_type,
                "replacement": span.replacement,
            }
            for span in outcome.spans
        ]
        return {"id": name, "record": dict(outcome.record.fields), "spans": spans}


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


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines without their end; `None` for one longer than a record may be, of which only a part was in memory."""
    while line := stream.readline(MAX_BYTES + 2):
        if line.endswith(b"\n") or len(line) < MAX_BYTES + 2:
            yield line.rstrip(b"\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_CHUNK)
        yield None
