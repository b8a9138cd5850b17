"""A copy of a changelog, kept up to date by a process that may have to take over: then it reads only the rest.

What is kept of a changelog is what Kafka would keep of it once compacted: the latest record of a key, no
tombstones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from streams.engine.log import FROM_THE_BEGINNING, Follower, Log, Session, SessionSpec
from streams.engine.messages import Message, TopicPartition


class WarmCopy:
    """The latest records of one topic. Not thread-safe. Memory: that of the keys and values."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._latest: dict[bytes, Message] = {}
        self._positions: dict[TopicPartition, int] = {}

    def apply(self, message: Message) -> None:
        """Take over the next record of its partition. One that was taken over before changes nothing."""
        if message.offset < self._positions.get(message.place, 0):
            return
        self._positions[message.place] = message.offset + 1
        key = message.key or b""
        self._latest.pop(key, None)  # what changed last is read last, as on the log
        if message.value is not None:
            self._latest[key] = message

    def get(self, key: bytes) -> Message | None:
        """The latest record of a key."""
        return self._latest.get(key)

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """How far each partition was read."""
        return self._positions

    def drain(self) -> Iterator[Message]:
        """The latest records, those that changed last at the end, each let go of as it is given: whoever makes a
        state of them needs memory for one of the two.
        """
        for key in list(self._latest):
            yield self._latest.pop(key)


class WarmLog:
    """A `Log` that knows one topic already: the first `read` of it asks the broker for what came since, no more.

    The copy is let go of by that: whoever owns the topic keeps its state in another form.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._copy: WarmCopy | None = None

    def keep(self, copy: WarmCopy) -> None:
        """Use this copy for the next `read` of its topic."""
        self._copy = copy

    def open(self, spec: SessionSpec) -> Session:
        """As the log below does."""
        return self._log.open(spec)

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        """As the log below does; where a copy is kept of this topic: its records, brought up to date."""
        copy = self._copy
        if copy is None or copy.topic != topic or after:
            yield from self._log.read(topic, after)
            return
        for message in self._log.read(topic, copy.positions):
            copy.apply(message)
        self._copy = None
        yield from copy.drain()

    def follow(self, topics: Sequence[str], after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Follower:
        """As the log below does."""
        return self._log.follow(topics, after)

    def offsets_at(self, topic: str, time: int) -> Mapping[TopicPartition, int]:
        """As the log below does."""
        return self._log.offsets_at(topic, time)

    def read_up_to(self, group: str, topic: str) -> Mapping[TopicPartition, int]:
        """As the log below does."""
        return self._log.read_up_to(group, topic)
