"""The topics of segments on the simulated broker: the same seam as `streams.engine.segment_topics`."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import Reason, RecordAwaited, Refused
from streams.engine.messages import Outgoing, TopicPartition
from streams.engine.missing import Missing
from tests.simulation.broker import Broker
from vault.segments.apart import Stored
from vault.segments.document import Place


class MemorySegmentTopics:
    """One identity's way to the broker. `lost`: places that hold nothing (any more); `clock`: seconds, for waiting
    for what is missing.
    """

    def __init__(self, broker: Broker, clock=lambda: 0.0) -> None:
        self.broker = broker
        self.lost: set[tuple[str, Place]] = set()
        self._missing = Missing(clock)

    def append(self, records: Sequence[Stored]) -> list[Place]:
        places = []
        for record in records:
            self.broker.faults("before segment")
            message = self.broker.append(Outgoing(record.topic, record.key, record.value)).message
            assert message is not None
            places.append(Place(message.partition, message.offset))
        self.broker.faults("after segments")
        return places

    def read(self, topic: str, place: Place) -> bytes:
        self.broker.faults("read segment")
        at = TopicPartition(topic, place.partition)
        if place.offset < self.broker.firsts.get(at, 0):
            raise Refused(Reason.UNKNOWN_SEGMENT, "its time on the topic is over")
        entries = self.broker.partitions[at]
        message = entries[place.offset].message if place.offset < len(entries) else None
        if message is None or message.value is None or (topic, place) in self.lost:
            if self._missing.for_good((topic, place)):
                raise Refused(Reason.UNKNOWN_SEGMENT, "no such record")
            raise RecordAwaited("not on the log")
        self._missing.found((topic, place))
        return message.value
