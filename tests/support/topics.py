"""Making a topic on the shared broker, and changing what it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from tests.support.waiting import wait_for

CALL_S = 20
PASSING = frozenset(
    {
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
    }
)
"""A machine that stands still for seconds makes its controller take the only broker for gone; then it has none to
put a topic on, until the broker is heard again.
"""


def create_topic(admin: AdminClient, topic: NewTopic) -> None:
    """Returns when each partition has a leader. Raises KafkaException for what no waiting mends."""
    wait_for(lambda: _created(admin, topic), f"topic {topic.topic} is created")
    wait_for(lambda: _led(admin, topic.topic), f"topic {topic.topic} has leaders")


def alter(admin: AdminClient, topics: Iterable[str], settings: Mapping[str, str]) -> None:
    """These settings of each topic; the others stay."""
    changes = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    wanted = [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=changes) for topic in topics]
    for done in admin.incremental_alter_configs(wanted).values():
        done.result(60)


def _created(admin: AdminClient, topic: NewTopic) -> bool:
    try:
        admin.create_topics([topic], operation_timeout=CALL_S, request_timeout=CALL_S)[topic.topic].result()
    except KafkaException as error:
        code = error.args[0].code()
        if code not in {KafkaError.TOPIC_ALREADY_EXISTS, *PASSING}:
            raise
        return code == KafkaError.TOPIC_ALREADY_EXISTS  # by an earlier call whose answer was late
    return True


def _led(admin: AdminClient, name: str) -> bool:
    partitions = admin.list_topics(name, timeout=CALL_S).topics[name].partitions.values()
    return bool(partitions) and all(partition.leader >= 0 for partition in partitions)
