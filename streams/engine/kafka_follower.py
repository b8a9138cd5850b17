"""Reading whole topics, outside of any group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import AccessDenied, VeilError
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_ends import EndOffsets
from streams.engine.kafka_errors import END_OF_PARTITION, error_of, translate
from streams.engine.kafka_lateness import while_late
from streams.engine.kafka_login import Consumer, KafkaLogin
from streams.engine.kafka_messages import message_of
from streams.engine.log import FROM_THE_BEGINNING
from streams.engine.messages import Message, TopicPartition

READ_FETCH_WAIT_MS = 20
"""The broker holds an empty fetch so long before it says that this is the end: what each `read` ends with."""
FOLLOW_FETCH_WAIT_MS = 1000
"""A record ends the wait, so nothing is late; each empty fetch a second costs the idle broker 0.15 % of a core."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the broker holds a fetch that is empty, and how long a broker is waited for that is late."""

    fetch_ms: int
    patience_s: float


class Denials:
    """What the client tells to the error callback only. Of its own, so that the client holds no follower."""

    def __init__(self, login: KafkaLogin, doing: str) -> None:
        self._login = login
        self._doing = doing
        self.heard: AccessDenied | None = None

    def hear(self, error: KafkaError) -> None:
        """Note it, unless it passes by itself."""
        cause = translate(error, self._doing)
        if isinstance(cause, AccessDenied) and not self._login.passing(error):
            self.heard = cause


class KafkaFollower:
    """Reads whole topics; joins no group, so that no offset is ever committed for it."""

    def __init__(
        self,
        access: KafkaAccess,
        ends: EndOffsets,
        topics: Sequence[str],
        waits: Waits,
        after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING,
    ) -> None:
        self._topics = topics
        self._ends = ends
        self._denials = Denials(access.login, f"reading {', '.join(topics)}")
        settings = access.settings() | {
            # The identity's own: the client asks for its coordinator, which takes a right to the group.
            "group.id": access.user,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": waits.fetch_ms,
            # The client's own 50 and 64 MB fill before the first record is looked at, and are hardly given
            # back: they were 25 MB of a label process that takes over 20,000 tasks.
            "fetch.max.bytes": 4 * 1024 * 1024,
            "queued.max.messages.kbytes": 4 * 1024,
            "error_cb": self._denials.hear,
        }
        self._consumer = access.login.keep(Consumer(settings))
        self._at = dict(after)
        self._failure: VeilError | None = None
        try:
            self._partitions = [p for topic in topics for p in self._partitions_of(topic, waits.patience_s)]
            self._consumer.assign(self._partitions)
        except KafkaException as error:
            self._consumer.close()
            raise translate(error_of(error), f"reading {', '.join(topics)}") from None
        except BaseException:
            self._consumer.close()
            raise

    def ends(self) -> dict[TopicPartition, int]:
        """Where each partition ends now, open transactions included."""
        return self._ends.of(self._partitions)

    def passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether everything before these offsets was returned by `poll`."""
        return all(self._at.get(place, 0) >= end for place, end in ends.items())

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` new messages. An error met between messages is raised by the next call: none is lost."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        first = self._consumer.poll(timeout)
        if first is None:
            return []
        got = [first, *self._consumer.consume(limit - 1, 0)] if limit > 1 else [first]
        messages = [message_of(m) for m in got if not self._is_event(m)]
        for message in messages:
            self._reached(message.place, message.offset + 1)
        return messages

    def at_end(self) -> bool:
        """Whether nothing is left to read now; a transaction still open counts as something."""
        return self.passed(self.ends())

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _partitions_of(self, topic: str, patience_s: float) -> list[KafkaPartition]:
        named = while_late(lambda limit_s: self._consumer.list_topics(topic, limit_s), self._heard, patience_s)
        found = named.topics[topic]
        if found.error is not None:
            raise translate(found.error, f"reading {topic}")
        places = [TopicPartition(topic, partition) for partition in found.partitions]
        return [KafkaPartition(it.topic, it.partition, self._at.get(it, 0)) for it in places]

    def _heard(self) -> AccessDenied | None:
        """Nothing is assigned yet, so that a poll gives no record."""
        event = self._consumer.poll(0)
        error = event.error() if event is not None else None
        if error is not None:
            self._denials.hear(error)
        return self._denials.heard

    def _is_event(self, message: KafkaMessage) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.code() != END_OF_PARTITION:
            self._failure = translate(error, f"reading {', '.join(self._topics)}")
            return True
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is not None and partition is not None and offset is not None:
            self._reached(TopicPartition(topic, partition), offset)
        return True

    def _reached(self, place: TopicPartition, offset: int) -> None:
        self._at[place] = max(self._at.get(place, 0), offset)
