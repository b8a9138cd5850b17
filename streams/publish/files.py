"""Publishing a file, a record a line: JSON Lines, CSV or text. Resumable; bad lines are reported.

After every `CHECKPOINT_LINES` lines all records are confirmed by Kafka and the place is saved. A run that was
interrupted goes on from the last saved place, so the lines published after it are published **twice**: the
report of such a run says so (`may_repeat`). Empty lines are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from schemas.errors import ConfigError, Reason, RecordError, Unparseable
from schemas.routing import ROUTINE, Routing
from streams.publish import lines, payloads, progress, rows
from streams.publish.lines import Line
from streams.publish.progress import Progress
from streams.publish.publisher import Publisher
from vault.raw import MAX_PAYLOAD_BYTES, Media

CHECKPOINT_LINES = 1000
"""A confirmed checkpoint costs about 10 ms: 1 % at 1,000 records/s, and at most 1,000 lines are repeated."""


class Format(StrEnum):
    """How to read a file's lines."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not published."""

    number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class FileReport:
    """What has become of the file. `may_repeat`: up to so many of the first lines of this run may be published
    twice, since the run before was interrupted after its last saved place.
    """

    progress: Progress
    resumed_at_line: int
    may_repeat: int


OnProgress = Callable[[Progress, int], None]
"""(progress so far, size of the file in bytes)"""


def format_of(file: Path) -> Format:
    """By the file's name: `.jsonl` and `.ndjson` are JSON Lines, `.csv` is CSV, `.txt` text; else ConfigError."""
    known = {
        ".jsonl": Format.JSON_LINES, ".ndjson": Format.JSON_LINES, ".csv": Format.CSV, ".txt": Format.TEXT,
    }  # fmt: skip
    if file.suffix not in known:
        raise ConfigError(f"can't tell from its name what {file} holds; say jsonl, csv or text")
    return known[file.suffix]


def state_path(file: Path) -> Path:
    """Where the progress of a file is kept: beside it."""
    return file.with_name(f".{file.name}.veil-publish")


def publish_file(
    file: Path,
    kind: Format,
    publisher: Publisher,
    target: str,
    *,
    state: Path | None = None,
    key_field: str | None = None,
    routing: Routing = ROUTINE,
    on_progress: OnProgress = lambda _progress, _size: None,
    on_bad: Callable[[BadLine], None] = lambda _bad: None,
    checkpoint_lines: int = CHECKPOINT_LINES,
) -> FileReport:
    """Publish what of `file` is not yet published to `target` (the project; a state of another is refused).

    `key_field` names the field or column whose text or whole number is the record's key; `routing` is that of all
    records. A row of CSV is published as a JSON object of texts. Raises as `Publisher` does; then the place saved
    last holds and the next run goes on from there. Raises ConfigError for a CSV file whose first row names no
    columns.
    """
    place = state or state_path(file)
    saved = progress.load(place, file, target)
    begun = saved or Progress()
    if begun.finished and file.stat().st_size == begun.offset:
        return FileReport(begun, begun.lines + 1, 0)
    upload = _Upload(publisher, kind, _columns(file) if kind is Format.CSV else (), key_field, routing, on_bad)
    done = start = replace(begun, finished=False)
    progress.save(place, file, target, start)
    size = file.stat().st_size
    for done in _checkpoints(file, start, upload, checkpoint_lines):
        publisher.flush()
        progress.save(place, file, target, done)
        on_progress(done, size)
    # A state that was saved but not finished is an interrupted run's: records after it may be on the topic.
    repeated = checkpoint_lines if saved is not None and not saved.finished else 0
    return FileReport(done, begun.lines + 1, min(repeated, done.lines - begun.lines))


def _checkpoints(file: Path, done: Progress, upload: _Upload, every: int) -> Iterator[Progress]:
    """Publishes line by line; yields after every so many, and at the end."""
    read = rows.read if upload.kind is Format.CSV else lines.read
    saved = done.lines
    with file.open("rb") as source:
        for line in read(source, offset=done.offset, number=done.lines + 1, limit=MAX_PAYLOAD_BYTES):
            done = upload.one(line, done)
            if done.lines - saved >= every:
                saved = done.lines
                yield done
    yield replace(done, finished=True)


def _columns(file: Path) -> tuple[str, ...]:
    with file.open("rb") as source:
        try:
            return rows.header(source, MAX_PAYLOAD_BYTES)
        except ConfigError as error:
            raise ConfigError(f"{file}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Upload:
    """One run over a file."""

    publisher: Publisher
    kind: Format
    columns: tuple[str, ...]
    key_field: str | None
    routing: Routing
    on_bad: Callable[[BadLine], None]

    def one(self, line: Line, done: Progress) -> Progress:
        """Publish a line; the progress with it."""
        after = replace(done, offset=line.end, lines=line.number)
        is_header = self.kind is Format.CSV and done.offset == 0
        if is_header or (line.content is not None and not line.content.strip()):
            return after
        try:
            content, media, key = self._record(line)
        except RecordError as error:
            self.on_bad(BadLine(line.number, error.reason))
            return replace(after, bad=done.bad + 1)
        self.publisher.publish_bytes(content, media, key, routing=self.routing)
        return replace(after, published=done.published + 1)

    def _record(self, line: Line) -> tuple[bytes, Media, str | None]:
        if line.content is None:
            raise Unparseable(Reason.TOO_LARGE, f"line {line.number} is over {MAX_PAYLOAD_BYTES} bytes")
        if self.kind is Format.TEXT:
            payloads.check_utf8(line.content)
            return line.content, Media.TEXT, None
        content, record = self._object(line.content)
        return content, Media.JSON, self._key(record.get(self.key_field)) if self.key_field else None

    def _object(self, content: bytes) -> tuple[bytes, Mapping[str, object]]:
        """The record, and the JSON it is published as: a line of JSON as it stands."""
        if self.kind is Format.CSV:
            record = rows.record(content, self.columns)
            return payloads.of_json(record), record
        return content, payloads.json_object(content)

    @staticmethod
    def _key(value: object) -> str:
        if isinstance(value, str | int) and not isinstance(value, bool):
            return payloads.of_text(str(value)).decode()
        raise Unparseable(Reason.UNKNOWN_FIELD, "the field named as key holds no text or whole number")
