"""How far other groups have read, asked of the broker by one that is no member of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import LogUnavailable
from streams.engine.kafka_errors import error_of, translate
from streams.engine.kafka_session import committed_up_to
from streams.engine.messages import TopicPartition

TIMEOUT_S = 10.0
"""A restarted broker is back in 2-4 s; ten seconds without an answer is an outage."""


class GroupPositions:
    """Asks by a consumer that never subscribes, so it is in no group, and that is new for each question.

    Not by `AdminClient.list_consumer_group_offsets`: where a broker goes away while that waits for the group's
    coordinator, the client ends the process, or answers nobody any more (librdkafka 2.16, its issue 4605).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def of(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """Where it has committed anything, the next offset. Raises LogUnavailable, AccessDenied."""
        doing = f"asking for positions of {group} on {topic}"
        consumer = Consumer(dict(self._settings) | {"group.id": group, "isolation.level": "read_uncommitted"})
        try:
            found = consumer.committed(_partitions(consumer, topic, doing), TIMEOUT_S)
        except KafkaException as error:
            raise translate(error_of(error), doing) from None
        finally:
            consumer.close()
        for one in found:
            if one.error is not None:
                raise translate(one.error, doing)
        return {TopicPartition(one.topic, one.partition): committed_up_to(one) for one in found if one.offset >= 0}


def _partitions(consumer: Consumer, topic: str, doing: str) -> list[KafkaPartition]:
    found = consumer.list_topics(topic, TIMEOUT_S).topics[topic]
    if found.error is not None:
        raise translate(found.error, doing)
    if not found.partitions:
        raise LogUnavailable(f"{doing}: the broker names no partition of it")
    return [KafkaPartition(topic, partition) for partition in found.partitions]
