"""Both implementations of the Log seam under one suite: the simulator's, and Kafka by confluent-kafka.

On Kafka each test has topics of its own and acts as the administrator, so that nothing but the log is tested;
what the rights of `flow.yaml` allow is tested in `test_rights.py`.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.errors import Abortable
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_producer import KafkaProducer
from streams.engine.log import FROM_THE_BEGINNING, Follower, Log, Ownership, Session, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition
from tests.simulation.broker import Broker, MemoryLog
from tests.support.topics import CALL_S, create_topic
from tests.support.waiting import wait_for

PARTITIONS = 2
DEADLINE_S = 60.0


class Bench:
    """A log to test, with names nobody else uses."""

    def __init__(
        self,
        log: Log,
        create: Callable[[str, int], None],
        interrupt: Callable[[Callable[[], object]], None],
        expire: Callable[[TopicPartition, int], None],
        drop: Callable[[str], None],
        faithful: bool,
    ) -> None:
        self.log = log
        self.faithful = faithful
        """Whether time passes by itself: on the real broker."""
        self.by_turns = False
        """Whether a sole owner has two transactional ids."""
        self._create = create
        self._interrupt = interrupt
        self._expire = expire
        self._drop = drop
        self._name = uuid.uuid4().hex[:12]
        self._numbers = itertools.count()
        self._open: list[Session | Follower] = []

    def topic(self, partitions: int = PARTITIONS) -> str:
        name = f"contract-{self._name}-{next(self._numbers)}"
        self._create(name, partitions)
        return name

    def slot(self, number: int = 0) -> str:
        return f"slot-{self._name}.{number}"

    @property
    def group(self) -> str:
        return f"group-{self._name}"

    def open(
        self,
        inputs: Sequence[str] = (),
        slot: int = 0,
        ownership: Ownership = Ownership.WHOLE,
        transaction_timeout_ms: int = 15_000,
    ) -> Session:
        by_turns = self.by_turns and ownership is Ownership.WHOLE
        spec = SessionSpec(self.slot(slot), self.group, tuple(inputs), ownership, transaction_timeout_ms, by_turns)
        return self._kept(self.log.open(spec))

    def take_second(self, slot: int = 0) -> Session:
        """Whoever has initialised a slot's second id alone: one that took over, and lost the first meanwhile."""
        second = SessionSpec(self.slot(slot), "", (), Ownership.WHOLE, by_turns=True).second_id
        assert second is not None
        return self._kept(self.log.open(SessionSpec(second, self.group, (), Ownership.WHOLE)))

    def take_first(self, slot: int = 0) -> Session:
        """Whoever is killed, or sleeps, before it comes to the second."""
        return self._kept(self.log.open(SessionSpec(self.slot(slot), self.group, (), Ownership.WHOLE)))

    def between_the_ids(self, act: Callable[[], object]) -> None:
        """What happens when the next session has initialised its first id and not yet its second. Once."""
        self._interrupt(act)

    def expire(self, topic: str, before: int, partition: int = 0) -> None:
        """The retention of what is before an offset is over."""
        self._expire(TopicPartition(topic, partition), before)

    def make_again(self, topic: str, partitions: int = PARTITIONS) -> None:
        """Somebody deletes a topic and makes another of its name."""
        self._drop(topic)
        self._create(topic, partitions)

    def read_to_the_end(self, session: Session) -> None:
        """Until it has met the ends of its partitions; the real client says so after the last message."""
        if self.faithful:
            wait_for(
                lambda: session.poll(1, 0.1) == [] and session._ends.keys() == session._positions.keys(), "ends"
            )

    def _kept(self, session: Session) -> Session:
        self._open.append(session)
        return session

    def follow(self, *topics: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Follower:
        follower = self.log.follow(topics, after)
        self._open.append(follower)
        return follower

    def write(self, *records: Outgoing) -> None:
        """Commit records under a slot of their own."""
        session = self.open(slot=1000 + next(self._numbers))
        commit(session, *records)
        session.close()

    def close(self) -> None:
        for one in self._open:
            one.close()


def go_on(session: Session, *records: Outgoing) -> None:
    """Commit as the loop does: a setback is followed by the way back, and the same records again."""
    while True:
        try:
            return commit(session, *records)
        except Abortable:
            session.abort()
            session.rewind()


def commit(session: Session, *records: Outgoing) -> None:
    session.begin()
    for record in records:
        session.produce(record)
    session.commit()


def numbered(topic: str, count: int, first: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, f"key-{n}".encode(), f"value-{n}".encode()) for n in range(first, first + count)]


def take(session: Session | Follower, count: int) -> list[Message]:
    """Poll until `count` messages have come."""
    found: list[Message] = []
    limit = time.monotonic() + DEADLINE_S
    while len(found) < count:
        assert time.monotonic() < limit, f"{len(found)} of {count} messages came"
        found += session.poll(100, 0.1)
    return found


def values(messages: Sequence[Message]) -> list[bytes | None]:
    return sorted(m.value or b"" for m in messages)


def memory_bench() -> Bench:
    broker = Broker({})

    def create(name: str, partitions: int) -> None:
        fresh = Broker({name: partitions})
        broker.topics.update(fresh.topics)
        broker.partitions.update(fresh.partitions)

    def interrupt(act: Callable[[], object]) -> None:
        def at(point: str) -> None:
            if point == "open second":
                broker.faults = lambda _point: None
                act()

        broker.faults = at

    return Bench(MemoryLog(broker), create, interrupt, broker.expire, broker.make_again, faithful=False)


def kafka_bench(stack) -> Bench:
    endpoint = stack.endpoints.kafka
    admin = AdminClient(endpoint.client_settings() | {"log_level": 2})

    def create(name: str, partitions: int) -> None:
        create_topic(admin, NewTopic(name, partitions, 1, config={"message.timestamp.type": "LogAppendTime"}))

    def expire(place: TopicPartition, before: int) -> None:
        asked = admin.delete_records([KafkaPartition(place.topic, place.partition, before)])
        for future in asked.values():
            assert future.result(60).low_watermark == before

    def drop(name: str) -> None:
        admin.delete_topics([name])[name].result(60)
        wait_for(lambda: name not in admin.list_topics(timeout=CALL_S).topics, f"{name} is gone")

    password = endpoint.admin_password_file.read_text().strip()
    return Bench(
        KafkaLog(KafkaAccess(endpoint.bootstrap, endpoint.ca_file, endpoint.admin_user, password)),
        create,
        _before_the_second_initialise,
        expire,
        drop,
        faithful=True,
    )


def _before_the_second_initialise(act: Callable[[], object]) -> None:
    real, calls = KafkaProducer.initialise, itertools.count()

    def initialise(producer: KafkaProducer, patience_s: float) -> None:
        if next(calls) == 1:
            KafkaProducer.initialise = real  # type: ignore[method-assign]
            act()
        real(producer, patience_s)

    KafkaProducer.initialise = initialise  # type: ignore[method-assign]
