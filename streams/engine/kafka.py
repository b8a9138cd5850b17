"""Kafka behind the Log seam, by confluent-kafka (librdkafka). Wiring only: the loop decides.

Settings with a reason: `isolation.level=read_committed` also makes offset fetches wait for stable ones (KIP-447);
`partitioner=murmur2_random` hashes as Java clients do; static membership (`group.instance.id`, KIP-345) lets a
killed process come back in 2 s instead of a session time-out, and fences its zombie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import LogUnavailable
from streams.engine.kafka_errors import error_of, translate
from streams.engine.kafka_session import KafkaSession
from streams.engine.log import SessionSpec
from streams.engine.messages import Message

METADATA_TIMEOUT_S = 10.0
"""A restarted broker is back in 2–4 s; ten seconds without an answer is an outage."""
END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 - how the client names its own codes


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How one identity reaches the broker. `user` empty: no SASL (never so in the local stack)."""

    bootstrap: str
    ca: Path | None
    user: str
    password: str

    def __repr__(self) -> str:
        return f"KafkaAccess({self.bootstrap}, {self.user})"

    def settings(self) -> dict[str, Any]:
        """Client settings shared by consumers, producers and admin clients."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "client.id": self.user,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": self.user,
            "sasl.password": self.password,
            # A killed broker is back in seconds; the default waits up to 10 s between attempts.
            "reconnect.backoff.max.ms": 1000,
            "log_level": 2,
        }
        if self.ca is not None:
            settings["ssl.ca.location"] = str(self.ca)
        return settings


def message_of(message: KafkaMessage) -> Message:
    """A consumed message as a plain value. Where a header name repeats, the last one counts."""
    headers = {str(name): value for name, value in list(message.headers() or []) if isinstance(value, bytes)}
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    key, value = message.key(), message.value()
    return Message(
        topic,
        partition,
        offset,
        key.encode() if isinstance(key, str) else key,
        value.encode() if isinstance(value, str) else value,
        headers,
        message.timestamp()[1],
    )


class KafkaLog:
    """Implements `streams.engine.log.Log`."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access

    def open(self, spec: SessionSpec) -> KafkaSession:
        """Fence the slot's earlier incarnations and start from what is committed."""
        return KafkaSession(self._access.settings(), spec, message_of)

    def read(self, topic: str) -> Iterator[Message]:
        """All committed messages up to the end as it is now."""
        reader = KafkaFollower(self._access, [topic])
        try:
            while not reader.reached_end:
                yield from reader.poll(1000, 0.5)
        finally:
            reader.close()

    def follow(self, topics: Sequence[str]) -> KafkaFollower:
        """A reader that goes on after the end."""
        return KafkaFollower(self._access, topics)


class KafkaFollower:
    """Reads whole topics in no group, so that no offset is ever committed for it."""

    def __init__(self, access: KafkaAccess, topics: Sequence[str]) -> None:
        self._topics = topics
        self._consumer = Consumer(
            access.settings()
            | {
                "group.id": f"{access.user}.follower",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
            }
        )
        self._ends: dict[tuple[str, int], int] = {}
        try:
            self._partitions = [p for topic in topics for p in self._partitions_of(topic)]
            self._consumer.assign(self._partitions)
        except KafkaException as error:
            self._consumer.close()
            raise translate(error_of(error), f"reading {', '.join(topics)}") from None
        except BaseException:
            self._consumer.close()
            raise

    @property
    def reached_end(self) -> bool:
        """Whether the end of every partition was met at least once."""
        return len(self._ends) == len(self._partitions)

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` new messages."""
        first = self._consumer.poll(timeout)
        if first is None:
            return []
        got = [first, *self._consumer.consume(limit - 1, 0)] if limit > 1 else [first]
        return [message_of(m) for m in got if not self._is_event(m)]

    def at_end(self) -> bool:
        """Whether nothing committed is left to read now."""
        try:
            return all(self._end_of(partition) for partition in self._partitions)
        except KafkaException as error:
            raise translate(error_of(error), f"asking for the end of {', '.join(self._topics)}") from None

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _partitions_of(self, topic: str) -> list[KafkaPartition]:
        found = self._consumer.list_topics(topic, METADATA_TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise translate(found.error, f"reading {topic}")
        return [KafkaPartition(topic, partition, 0) for partition in found.partitions]

    def _is_event(self, message: KafkaMessage) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            return True  # the client asks for a coordinator although we join no group; we need no right to one
        if error.code() != END_OF_PARTITION:
            raise translate(error, f"reading {', '.join(self._topics)}")
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is not None and partition is not None and offset is not None:
            self._ends[topic, partition] = offset
        return True

    def _end_of(self, partition: KafkaPartition) -> bool:
        watermarks = self._consumer.get_watermark_offsets(partition, METADATA_TIMEOUT_S, cached=False)
        if watermarks is None:
            raise LogUnavailable(f"no answer about the end of {partition.topic}")
        return self._ends.get((partition.topic, partition.partition), 0) >= watermarks[1]
