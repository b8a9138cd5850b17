"""Writing records into topics of a restored Kafka, each into the partition that it had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.errors import LogUnavailable
from streams.engine.kafka_errors import error_of, translate
from streams.engine.messages import Message

ANY_PARTITION = -1
LONG_AGO = 1
"""A time that is no time: of what is written to be deleted, so that it keeps nothing beside it from its end."""
FLUSH_S = 120.0
"""As long as a delivery may take by librdkafka's own limit."""
DELETE_S = 30.0


class Writer:
    """As the administrator of a fresh broker. Not thread-safe. Raises LogUnavailable, AccessDenied.

    Records keep their time, in milliseconds; 0 is now. `now`: none is of a later one, which Kafka refuses.
    """

    def __init__(self, settings: Mapping[str, Any], now: int) -> None:
        self._settings = {**settings, "log_level": 2}
        self._now = now
        self._failure: KafkaError | None = None
        self._producer = Producer(
            {
                **self._settings,
                "enable.idempotence": True,  # and so acks=all, in order
                "partitioner": "murmur2_random",
                "compression.type": "zstd",
                "linger.ms": 20,
                "message.max.bytes": 4_000_000,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()

    def write(self, messages: Iterable[Message]) -> int:
        """How many were written; certain after `flush`. With `ANY_PARTITION`, where its key belongs."""
        count = 0
        for message in messages:
            self._produce(message)
            count += 1
        return count

    def flush(self) -> None:
        """Returns when all is on the broker."""
        left = self._producer.flush(FLUSH_S)
        if self._failure is not None:
            raise translate(self._failure, "writing restored records")
        if left:
            raise LogUnavailable(f"Kafka did not take {left} restored records in {FLUSH_S:.0f} s")

    def go_on_from(self, topic: str, ends: Iterable[int]) -> None:
        """Let each partition of an empty topic begin at an offset: so many records are written and deleted."""
        wanted = dict(enumerate(ends))
        for partition, end in wanted.items():
            self.write(_fillers(topic, partition, end))
        self.flush()
        places = [TopicPartition(topic, partition, end) for partition, end in wanted.items() if end]
        if not places:
            return
        admin = AdminClient(self._settings)  # held until it has answered: one that is gone never does
        try:
            for done in admin.delete_records(places, request_timeout=DELETE_S).values():
                done.result(2 * DELETE_S)
        except KafkaException as error:
            raise translate(error_of(error), f"letting {topic} begin at an offset") from None

    def _produce(self, message: Message) -> None:
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    value=message.value,
                    key=message.key,
                    partition=message.partition,
                    headers=dict(message.headers),
                    timestamp=min(message.timestamp, self._now),
                    on_delivery=self._delivered,
                )
            except BufferError:  # its queue is full
                self._producer.poll(1.0)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._failure = self._failure or error


def _fillers(topic: str, partition: int, count: int) -> Iterator[Message]:
    return (Message(topic, partition, number, None, b"", timestamp=LONG_AGO) for number in range(count))
