"""Where partitions end, and where a time begins in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from confluent_kafka import IsolationLevel, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # its types forget it

from schemas.errors import LogUnavailable
from streams.engine.kafka_access import METADATA_TIMEOUT_S, KafkaAccess
from streams.engine.kafka_errors import error_of, told, translate
from streams.engine.messages import TopicPartition

CONNECTED = {"enable.sparse.connections": False}
"""Of a client that asks each broker. One that connects only when it has to (the default) forgets, each time
a broker refuses it, when it may try again: waiting for an answer it then tries all the time, for as long as the
broker takes to start, and takes a core (librdkafka 2.16).
"""


PAUSES_S = (0.0, 0.2, 0.8, 2.0)
"""Before each further attempt to learn where partitions end. A broker that has just started tells who leads a
partition, and since when, before the partition itself knows (UNKNOWN_LEADER_EPOCH).
"""


class EndOffsets:
    """Asks where partitions end, open transactions included, and where a time begins in them.

    Thread-safe; connects on first use.
    """

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._admin: AdminClient | None = None

    def of(self, partitions: Sequence[KafkaPartition]) -> dict[TopicPartition, int]:
        """The offset after the last record of each. Raises LogUnavailable, AccessDenied."""
        return self._answered(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        """Of each partition of a topic the first offset of that time (ms) or later; where none is, its end."""
        partitions = self._partitions_of(topic)
        ends = self.of(partitions)  # first: what is written in between is behind them
        found = self._answered(partitions, OffsetSpec.for_timestamp(time))
        return {place: offset if offset >= 0 else ends[place] for place, offset in found.items()}

    def _partitions_of(self, topic: str) -> list[KafkaPartition]:
        client = self._client()
        try:
            found = client.list_topics(topic, timeout=METADATA_TIMEOUT_S).topics[topic]
        except KafkaException as error:
            self._drop(client)
            raise translate(error_of(error), f"asking for the partitions of {topic}") from None
        if found.error is not None:
            raise translate(found.error, f"asking for the partitions of {topic}")
        return [KafkaPartition(topic, partition) for partition in found.partitions]

    def _client(self) -> AdminClient:
        with self._lock:
            if self._admin is None:  # never `or`: a client that has nothing to do is false
                self._admin = self._access.login.keep(AdminClient(self._access.settings() | CONNECTED))
            return self._admin

    def _drop(self, client: AdminClient) -> None:
        """After a restarted broker a client goes on asking with the old leader epoch, or by a connection whose
        other end is gone: the next question is another's.
        """
        with self._lock:
            if self._admin is client:  # and not the one that another thread has made meanwhile
                self._admin = None

    def _answered(self, partitions: Sequence[KafkaPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        for pause in PAUSES_S:
            try:
                return self._once(partitions, spec)
            except LogUnavailable:
                time.sleep(pause)
        return self._once(partitions, spec)

    def _once(self, partitions: Sequence[KafkaPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        client = self._client()  # held until it has answered: one that another thread drops never would
        try:
            return self._ask(client, partitions, spec)
        except LogUnavailable:
            self._drop(client)
            raise

    @staticmethod
    def _ask(
        client: AdminClient, partitions: Sequence[KafkaPartition], spec: OffsetSpec
    ) -> dict[TopicPartition, int]:
        doing = "asking for offsets of partitions"
        asked = client.list_offsets(
            dict.fromkeys(partitions, spec),
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=METADATA_TIMEOUT_S,
        )
        try:
            return {_place(p): told(int(answer.result().offset), doing) for p, answer in asked.items()}
        except KafkaException as error:
            raise translate(error_of(error), doing) from None


def _place(partition: KafkaPartition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.partition)
