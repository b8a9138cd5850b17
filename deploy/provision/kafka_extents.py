"""Where partitions begin and end, and of which time their first record is: asked of the broker, no record read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from confluent_kafka import IsolationLevel
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # its types forget two of them
    AdminClient,
    ListOffsetsResultInfo,
    OffsetSpec,
)

from deploy.provision.kafka_answers import TIMEOUT_S, result
from streams.engine.kafka_errors import told
from topology.retained import Extent
from topology.topics import TopicSpec


def extents(client: AdminClient, found: Mapping[str, TopicSpec]) -> dict[str, dict[int, Extent]]:
    """Of these topics, by partition. Raises LogUnavailable, AccessDenied."""
    places = [KafkaPartition(spec.name, number) for spec in found.values() for number in range(spec.partitions)]
    begins = _asked(client, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call] # no types
    first = _asked(client, places, OffsetSpec.for_timestamp(0))
    ends = _asked(client, places, OffsetSpec.latest())  # type: ignore[no-untyped-call] # no types
    by_topic: defaultdict[str, dict[int, Extent]] = defaultdict(dict)
    for place, begin in begins.items():
        topic, number = place
        oldest = max(0, int(first[place].timestamp)) if first[place].offset >= 0 else 0
        by_topic[topic][number] = Extent(int(begin.offset), int(ends[place].offset), oldest)
    return dict(by_topic)


def _asked(
    client: AdminClient, places: list[KafkaPartition], spec: OffsetSpec
) -> dict[tuple[str, int], ListOffsetsResultInfo]:
    if not places:
        return {}
    asked = client.list_offsets(
        dict.fromkeys(places, spec), isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=TIMEOUT_S
    )
    doing = "ask where a topic lies"
    found = {(it.topic, it.partition): result(doing, answer) for it, answer in asked.items()}
    for one in found.values():
        told(one.offset, doing)
    return found
