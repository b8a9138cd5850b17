"""Who reads too late: is so far behind that half of the time for which a topic keeps its records is over.

It is asked of the broker, and not of the stages: one that is down says nothing. A group that has no position on a
topic is passed over: it may read nothing there (replay looks raw records up), or have never begun.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.audit import Event, EventType
from schemas.errors import DependencyError
from schemas.resources import message_resource
from streams.engine.messages import TopicPartition
from topology.readers import Reader

LOOK_EVERY_MS = 300_000
"""How often it is asked: some 20 questions, each by a client of its own, at 81 ms and 25 ms of CPU (measured).
Retentions are an hour at least, so that 25 minutes are left to whoever reads too late.
"""


class Offsets(Protocol):
    """Of `streams.engine.log.Log`."""

    def offsets_at(self, topic: str, time: int) -> Mapping[TopicPartition, int]:
        """Where a time begins in a topic."""
        ...

    def read_up_to(self, group: str, topic: str) -> Mapping[TopicPartition, int]:
        """How far a group has read."""
        ...


class Lateness:
    """Tells it once a spell; after a restart once more. One thread."""

    def __init__(self, offsets: Offsets, readers: Sequence[Reader]) -> None:
        self._offsets = offsets
        self._readers = deque(readers)
        self._looked_at: int | None = None
        self._late: dict[Reader, frozenset[TopicPartition]] = {}
        self.notice = ""
        """Of whom it could not be asked the last time."""

    def forget(self) -> None:
        """What was told is not known to be committed. It is asked again when it is time, and not at once: whatever
        has failed is not to wait for some twenty answers each time.
        """
        self._late.clear()

    def look(self, now: int) -> list[Event]:
        """What is to be told. `now`: milliseconds. Raises AccessDenied.

        Nobody is asked after a question that was not answered: each may wait for minutes, and keeper has more to
        do. Who was asked comes last the next time.
        """
        if self._looked_at is not None and 0 <= now - self._looked_at < LOOK_EVERY_MS:
            return []
        self._looked_at, self.notice = now, ""
        events: list[Event] = []
        for _ in range(len(self._readers)):
            reader = self._readers[0]
            self._readers.rotate(-1)
            try:
                events += self._of(reader, now)
            except DependencyError as error:
                self.notice = f"how far {reader.group} has read {reader.topic} can't be told: {error}"
                break
        return events

    def _of(self, reader: Reader, now: int) -> list[Event]:
        read = self._offsets.read_up_to(reader.group, reader.topic)
        found = late(read, self._offsets.offsets_at(reader.topic, now - reader.retention_ms // 2)) if read else {}
        told = self._late.get(reader, frozenset())
        self._late[reader] = frozenset(found)
        return [_event(reader, place, at) for place, at in sorted(found.items()) if place not in told]


def late(read: Mapping[TopicPartition, int], since: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """The partitions in which something older is unread. `read`: the next offset of each; `since`: the first that
    is young enough.
    """
    return {place: at for place, at in read.items() if at < since.get(place, 0)}


def _event(reader: Reader, place: TopicPartition, at: int) -> Event:
    details = {"group": reader.group, "retention": str(reader.retention_ms)}
    return Event(EventType.READING_LATE, message_resource(place.topic, place.partition, at), details=details)
