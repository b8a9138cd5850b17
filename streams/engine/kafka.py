"""Kafka behind the Log seam, by confluent-kafka (librdkafka). Wiring only: the loop decides.

Settings with a reason: `isolation.level=read_committed` also makes offset fetches wait for stable ones (KIP-447);
`partitioner=murmur2_random` hashes as Java clients do; static membership (`group.instance.id`, KIP-345) lets a
killed process come back in 2 s instead of a session time-out, and fences its zombie.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.errors import LogUnavailable
from streams.engine.kafka_access import METADATA_TIMEOUT_S, KafkaAccess
from streams.engine.kafka_ends import EndOffsets
from streams.engine.kafka_errors import error_of, translate
from streams.engine.kafka_follower import FOLLOW_FETCH_WAIT_MS, READ_FETCH_WAIT_MS, KafkaFollower, Waits
from streams.engine.kafka_lateness import PATIENCE_S
from streams.engine.kafka_positions import GroupPositions
from streams.engine.kafka_session import KafkaSession
from streams.engine.log import FROM_THE_BEGINNING, SessionSpec
from streams.engine.messages import Message, TopicPartition

READ_PATIENCE_S = 30.0
"""How long reading to the end may stand still: an open transaction of a killed process ends after 15 s at most."""


class KafkaLog:
    """Implements `streams.engine.log.Log`. `patience_s`: how long opening, reading and following wait at their
    beginning for a broker that is late.
    """

    def __init__(self, access: KafkaAccess, patience_s: float = PATIENCE_S) -> None:
        self._access = access
        self._patience_s = patience_s
        self._ends = EndOffsets(access)

    def open(self, spec: SessionSpec) -> KafkaSession:
        """Fence the slot's earlier incarnations and start from what is committed."""
        return KafkaSession(self._access.settings(), spec, self._access.login, self._patience_s)

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        """All committed messages, from `after` on, up to the end as it is now: of every partition, however long
        reading takes, so that nothing is read without what it followed from on another.

        Where a transaction is open before that end, it waits until it is over: what was committed behind it
        must not be missed by a stage that restores its state.
        """
        reader = self._following([topic], READ_FETCH_WAIT_MS, after)
        try:
            ends = reader.ends()
            patience = Patience(READ_PATIENCE_S)
            while not reader.passed(ends):
                messages = reader.poll(1000, 0.5)
                yield from (message for message in messages if message.offset < ends[message.place])
                if messages:
                    patience = Patience(READ_PATIENCE_S)
                elif patience.lost:
                    raise LogUnavailable(f"reading {topic}: nothing came for {READ_PATIENCE_S:.0f} s")
        finally:
            reader.close()

    def follow(
        self, topics: Sequence[str], after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING
    ) -> KafkaFollower:
        """A reader that goes on after the end."""
        return self._following(topics, FOLLOW_FETCH_WAIT_MS, after)

    def _following(
        self, topics: Sequence[str], fetch_wait_ms: int, after: Mapping[TopicPartition, int]
    ) -> KafkaFollower:
        return KafkaFollower(self._access, self._ends, topics, Waits(fetch_wait_ms, self._patience_s), after)

    def offsets_at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        """The first offset of each partition that is of `time` or later, its end where none is."""
        return self._ends.at(topic, time)

    def read_up_to(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """How far a group has read, where it has committed anything."""
        return GroupPositions(self._access.settings()).of(group, topic)

    def cluster(self) -> str:
        """The cluster's id, drawn when its storage was formatted. Raises LogUnavailable, AccessDenied."""
        try:
            found = AdminClient(self._access.settings()).list_topics(timeout=METADATA_TIMEOUT_S).cluster_id
        except KafkaException as error:
            raise translate(error_of(error), "asking for the cluster's id") from None
        return str(found)


class Patience:
    """How long something may take, from now on."""

    def __init__(self, seconds: float) -> None:
        self._limit = time.monotonic() + seconds

    @property
    def lost(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._limit
