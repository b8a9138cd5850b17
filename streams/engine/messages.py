"""What travels on the log, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A record read from the log. Times in milliseconds. It prints as its place only."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: int = 0

    @property
    def place(self) -> TopicPartition:
        """The partition it was read from."""
        return TopicPartition(self.topic, self.partition)

    def __repr__(self) -> str:
        return f"Message({self.topic}[{self.partition}]@{self.offset})"


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """A record to produce; the partition follows from the key (murmur2). `value=None` is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    def __repr__(self) -> str:
        return f"Outgoing({self.topic})"
