"""The index of segments on `segments.P`, as who looks from outside reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import EPOCH, SegmentIndex
from streams.engine.messages import Message


@dataclass(slots=True)
class Index:
    """The index as it stands after some of its records. `epochs`: latest record of each slot, as it is."""

    segments: dict[str, SegmentIndex] = field(default_factory=dict)
    epochs: dict[str, Message] = field(default_factory=dict)
    partitions: dict[str, int] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    """Keys whose latest record is no index."""

    def take(self, message: Message, codec: Codec) -> None:
        """The next record. What is no index counts for nothing, as for keeper."""
        key = (message.key or b"").decode("utf-8", "replace")
        if key.startswith(EPOCH):
            self.epochs[key] = message
            return
        self.unreadable.discard(key)
        if message.value is None:
            self.segments.pop(key, None)
            return
        try:
            found = codec.decode(message.value, SegmentIndex)
        except Undecodable:
            self.unreadable.add(key)
            return
        if found.segment_id == key:
            self.segments[key] = found
            self.partitions[key] = message.partition

    def naming(self, subject: bytes) -> list[tuple[SegmentIndex, str]]:
        """The tasks whose entries have this keyed hash of a subject, each with its segment."""
        return [
            (index, entry.task_id)
            for index in self.segments.values()
            for entry in index.entries
            if subject in entry.subjects
        ]

    def copy(self) -> Index:
        """One that goes on by itself."""
        return Index(dict(self.segments), dict(self.epochs), dict(self.partitions), set(self.unreadable))


def index_of(messages: Iterable[Message], codec: Codec) -> Index:
    """The index as these records leave it."""
    index = Index()
    for message in messages:
        index.take(message, codec)
    return index
