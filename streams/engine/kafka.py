"""Kafka behind the Log seam, by confluent-kafka (librdkafka). Wiring only: the loop decides.

Settings with a reason: `isolation.level=read_committed` also makes offset fetches wait for stable ones (KIP-447);
`partitioner=murmur2_random` hashes as Java clients do; static membership (`group.instance.id`, KIP-345) lets a
killed process come back in 2 s instead of a session time-out, and fences its zombie.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # its types forget it

from schemas.errors import AccessDenied, LogUnavailable, VeilError
from streams.engine.kafka_errors import END_OF_PARTITION, error_of, told, translate
from streams.engine.kafka_lateness import while_late
from streams.engine.kafka_login import Consumer, KafkaLogin
from streams.engine.kafka_positions import GroupPositions
from streams.engine.kafka_session import KafkaSession
from streams.engine.log import FROM_THE_BEGINNING, SessionSpec
from streams.engine.messages import Message, TopicPartition

METADATA_TIMEOUT_S = 10.0
"""A restarted broker is back in 2–4 s; ten seconds without an answer are an outage."""
PATIENCE_S = 30.0
"""For a broker that is late, of whoever would have to be asked again: a person's command. One was seen to stand
still for more than ten seconds where tests shared two cores and their disk; Java's clients wait a minute.
"""
AGAIN_S = 10.0
"""For the same, of a process: it tries again by itself, and looks in between whether it is to stop."""
READ_FETCH_WAIT_MS = 20
"""The broker holds an empty fetch so long before it says that this is the end: what each `read` ends with."""
FOLLOW_FETCH_WAIT_MS = 1000
"""A record ends the wait, so nothing is late; each empty fetch a second costs the idle broker 0.15 % of a core."""
READ_PATIENCE_S = 30.0
"""How long reading to the end may stand still: an open transaction of a killed process ends after 15 s at most."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How one identity reaches the broker. `user` empty: no SASL (never so in the local stack)."""

    bootstrap: str
    ca: Path | None
    user: str
    password: str
    login: KafkaLogin = field(init=False, compare=False)
    """The password of now, and who is told when it changes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "login", KafkaLogin(self.user, self.password))

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
            "sasl.password": self.login.password,
            # A killed broker is back in seconds; the default waits up to 10 s between attempts.
            "reconnect.backoff.max.ms": 1000,
            "log_level": 2,
        }
        if self.ca is not None:
            settings["ssl.ca.location"] = str(self.ca)
        return settings


def message_of(message: KafkaMessage) -> Message:
    """A consumed message as a plain value. Where a header name repeats, the last one counts."""
    headers = _headers_of(message)
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


def _headers_of(message: KafkaMessage) -> dict[str, bytes]:
    """None at all where a name is not UTF-8: the client can't say such names (it fails with SystemError), and
    whoever may write to a topic must not be able to stop its readers.
    """
    try:
        found = list(message.headers() or [])
    except (SystemError, UnicodeDecodeError):
        return {}
    return {str(name): value for name, value in found if isinstance(value, bytes)}


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
        return KafkaSession(self._access.settings(), spec, message_of, self._access.login, self._patience_s)

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        """All committed messages, from `after` on, up to the end as it is now.

        Where a transaction is open before that end, it waits until it is over: what was committed behind it
        must not be missed by a stage that restores its state.
        """
        reader = self._following([topic], READ_FETCH_WAIT_MS, after)
        try:
            ends = reader.ends()
            patience = Patience(READ_PATIENCE_S)
            while not reader.passed(ends):
                messages = reader.poll(1000, 0.5)
                yield from messages
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


CONNECTED = {"enable.sparse.connections": False}
"""Of a client that asks each broker. One that connects only when it has to (the default) forgets, each time
a broker refuses it, when it may try again: waiting for an answer it then tries all the time, for as long as the
broker takes to start, and takes a core (librdkafka 2.16).
"""


PAUSES_S = (0.0, 0.2, 0.8)
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
            client = self._client()  # held until it has answered: one that another thread drops never would
            try:
                return self._ask(client, partitions, spec)
            except LogUnavailable:
                self._drop(client)
                time.sleep(pause)
        return self._ask(self._client(), partitions, spec)

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
