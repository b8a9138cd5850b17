"""Looks through `quarantine.P` for the entries that are released. It opens none: their place is in clear."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.quarantine_release import QuarantineRelease, release_target
from schemas.records import Quarantined
from schemas.reredaction import MAX_SINCE
from streams.engine.log import Log
from streams.engine.messages import Message

MAX_ENTRIES = 4_000
"""A round. There are four a second at most: a million entries take a minute at least."""
MAX_BYTES = 16 * 1024 * 1024
SLICE = 50
WAIT_S = 0.1


class Scan:
    """One pass from the topic's beginning to where it ended as the pass began. Not thread-safe; LogUnavailable."""

    def __init__(self, log: Log, codec: Codec, project: str, wanted: Mapping[str, QuarantineRelease]) -> None:
        topic = f"quarantine.{project}"
        self._codec = codec
        self._raw = f"raw.{project}"
        self.wanted = dict(wanted)
        """What has not been found yet, by target."""
        self._ends = log.offsets_at(topic, MAX_SINCE)
        self._reader = log.follow([topic], log.offsets_at(topic, 0))

    def look(self) -> list[tuple[QuarantineRelease, Message]]:
        """The next part of it: the entries that are wanted."""
        found, seen, size = [], 0, 0
        while seen < MAX_ENTRIES and size < MAX_BYTES:
            messages = self._reader.poll(SLICE, 0 if seen else WAIT_S)
            if not messages:
                break
            seen += len(messages)
            size += sum(len(it.value or b"") for it in messages)
            found += [(order, it) for it in messages if (order := self._take(it)) is not None]
        return found

    @property
    def over(self) -> bool:
        """Whether there is nothing more to look for, or at."""
        return not self.wanted or self._reader.passed(self._ends)

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _take(self, message: Message) -> QuarantineRelease | None:
        try:
            raw = self._codec.decode(message.value or b"", Quarantined).raw
        except Undecodable:
            return None
        if raw.topic != self._raw:
            return None
        return self.wanted.pop(release_target(raw.partition, raw.offset, raw.revision), None)
