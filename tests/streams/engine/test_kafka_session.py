"""The session on the client library's own mock broker (in this process, on loopback)."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from confluent_kafka import Consumer as PlainConsumer
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import Abortable, Fenced, LogUnavailable
from streams.engine import kafka_producer, kafka_session
from streams.engine.kafka_follower import KafkaFollower
from streams.engine.kafka_login import KafkaLogin
from streams.engine.kafka_messages import message_of
from streams.engine.kafka_producer import KafkaProducer
from streams.engine.kafka_session import KafkaSession
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition
from tests.support.waiting import wait_for

PLACE = TopicPartition("in", 0)
HELD = frozenset({"in"})


class MockBroker:
    """Keeps 5 MiB a partition and drops what is older."""

    def __init__(self) -> None:
        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._owner.list_topics(timeout=10).brokers.values()
        self.access = {"bootstrap.servers": f"{broker.host}:{broker.port}", "log_level": 0}
        self._producer = Producer({**self.access, "linger.ms": 0})

    def put(self, count: int, size: int) -> None:
        """One by one, so that each is a batch of its own."""
        for _ in range(count):
            self._producer.produce("in", value=os.urandom(size), partition=0)
            assert self._producer.flush(10) == 0

    def open(self, ownership: Ownership = Ownership.WHOLE) -> KafkaSession:
        spec = SessionSpec(f"slot-{ownership.value}", f"group-{ownership.value}", ("in",), ownership)
        return KafkaSession(self.access, spec, KafkaLogin("", ""))


@pytest.fixture
def broker() -> MockBroker:
    return MockBroker()


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many clients of sessions there are, without any help of the garbage collector."""
    made: list[weakref.ref[object]] = []

    def noted(make: Callable[[dict[str, object]], object]) -> Callable[[dict[str, object]], object]:
        def new(settings: dict[str, object]) -> object:
            made.append(weakref.ref(client := make(settings)))
            return client

        return new

    monkeypatch.setattr(kafka_session, "Consumer", noted(kafka_session.Consumer))
    monkeypatch.setattr(kafka_producer, "Producer", noted(kafka_producer.Producer))
    gc.disable()
    yield lambda: sum(client() is not None for client in made)
    gc.enable()


def test_what_was_not_delivered_is_the_cause_of_what_follows(broker: MockBroker) -> None:
    producer = KafkaProducer(broker.access, "slot-undelivered", 15_000, KafkaLogin("", ""))
    producer.initialise()
    state = KafkaError(KafkaError._STATE)
    producer.begin()
    assert type(producer.cause(state, "producing")) is LogUnavailable
    producer._delivered(KafkaError(KafkaError._MSG_TIMED_OUT), cast("KafkaMessage", None))
    assert isinstance(producer.cause(state, "producing"), Abortable)
    fenced = KafkaError(KafkaError._FENCED)
    assert isinstance(producer.cause(fenced, "aborting"), Fenced), "else it would take its slot back"
    producer.abort()
    assert type(producer.cause(state, "asking for positions")) is LogUnavailable
    producer.close()


@pytest.mark.parametrize("by_turns", [False, True])
def test_with_a_session_its_clients_end(broker: MockBroker, clients: Callable[[], int], by_turns: bool) -> None:
    spec = SessionSpec("slot-ends", "group-ends", ("in",), Ownership.WHOLE, by_turns=by_turns)
    broker.put(1, 10)
    session = KafkaSession(broker.access, spec, KafkaLogin("", ""))
    assert clients() == 2 + by_turns
    session.begin()
    session.produce(Outgoing("in", b"k", b"v"))
    session.close()
    assert clients() == 0


def test_a_producer_s_client_ends_with_it_after_a_call_that_failed_too(
    broker: MockBroker, clients: Callable[[], int]
) -> None:
    group = PlainConsumer(broker.access | {"group.id": "group-failed"}).consumer_group_metadata()
    producer = KafkaProducer(broker.access, "slot-failed", 15_000, KafkaLogin("", ""))
    producer.initialise()
    with pytest.raises(LogUnavailable) as told:  # no transaction is open
        producer.send_positions([KafkaPartition("in", 0, 1)], group)
    producer.close()
    assert clients() == 0, told


def test_an_attempt_to_open_in_vain_leaves_no_client_that_goes_on_trying(clients: Callable[[], int]) -> None:
    nowhere = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    spec = SessionSpec("slot-vain", "group-vain", ("in",), Ownership.WHOLE)
    with pytest.raises(LogUnavailable) as told:
        KafkaSession(nowhere, spec, KafkaLogin("", ""), 0.1)
    assert clients() == 0, told


def some(session: KafkaSession) -> list[Message]:
    """What the next polls bring."""
    for _ in range(100):
        if messages := session.poll(500, 0.1):
            return messages
    raise AssertionError("nothing came")


@pytest.mark.parametrize("ownership", Ownership)
def test_records_lost_to_retention_are_not_passed_over_as_if_they_were_empty(
    broker: MockBroker, ownership: Ownership
) -> None:
    broker.put(3, 10)
    session = broker.open(ownership)
    try:
        some(session)
        session.begin()
        session.commit()
        session.hold(HELD)
        assert session.poll(1, 0.1) == []
        broker.put(80, 100_000)
        session.hold(frozenset())
        with pytest.raises(LogUnavailable):
            some(session)
        session.rewind()
        first = some(session)[0]
        assert first.offset > 3
        assert session.committed()[PLACE] == first.offset
    finally:
        session.close()


def test_a_batch_ends_when_its_bytes_are_reached(broker: MockBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_session, "BATCH_BYTES", 50_000)
    monkeypatch.setattr(kafka_session, "LINGER_S", 1.0)
    broker.put(40, 10_000)
    session = broker.open()
    try:
        sizes: list[int] = []
        while sum(sizes) < 40:
            sizes.append(len(session.poll(500, 5.0)))
        assert max(sizes) <= 5 + kafka_session.SLICE
    finally:
        session.close()


class End:
    """Where a fetch saw the end of the partition."""

    def error(self) -> KafkaError:
        return KafkaError(KafkaError._PARTITION_EOF)

    def topic(self) -> str:
        return "in"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 1


def test_a_batch_goes_on_behind_the_end_that_a_fetch_saw(
    broker: MockBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who lags keeps fetching at the end: what is queued is a few records, an end, a few records, an end."""
    monkeypatch.setattr(kafka_session, "LINGER_S", 1.0)
    broker.put(40, 10)
    session = broker.open()
    consumer = session._consumer

    class Lagging:
        def __getattr__(self, name: str) -> object:
            return getattr(consumer, name)

        def consume(self, count: int, timeout: float) -> list[object]:
            return [*consumer.consume(count - 1, timeout), End()]

    monkeypatch.setattr(session, "_consumer", Lagging())
    try:
        assert len(session.poll(500, 5.0)) > kafka_session.SLICE
    finally:
        session.close()


def test_an_outage_while_asking_for_the_first_offset_is_a_dependency_that_fails(
    broker: MockBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.put(1, 10)
    session = broker.open()

    class Unreachable:
        def __getattr__(self, name: str) -> object:
            return getattr(consumer, name)

        def get_watermark_offsets(self, *_: object, **__: object) -> object:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    consumer = session._consumer
    monkeypatch.setattr(session, "_consumer", Unreachable())
    try:
        with pytest.raises(LogUnavailable):
            session.rewind()
    finally:
        session.close()


def test_whoever_leaves_takes_over_nothing_that_the_group_gives_it_just_then(broker: MockBroker) -> None:
    """To take it over would be to wait for an answer that may never come."""
    broker.put(1, 10)
    session = broker.open(Ownership.SHARED)
    client = session._consumer
    wait_for(client.memberid, "the group has taken us in")
    consumer = weakref.ref(client)
    del client
    session.close()
    session.close()
    assert consumer() is None
    assert session._offered is None


class Sending:
    """A producer that counts how often positions are sent."""

    def __init__(self, session: KafkaSession) -> None:
        assert isinstance(session._producer, KafkaProducer)
        self._producer = session._producer._client
        self.count = 0
        session._producer._client = self  # type: ignore[assignment]

    def __getattr__(self, name: str) -> object:
        return getattr(self._producer, name)

    def send_offsets_to_transaction(self, *arguments: object) -> object:
        self.count += 1
        return self._producer.send_offsets_to_transaction(*arguments)  # type: ignore[arg-type]


def commit(session: KafkaSession, records: int = 1) -> None:
    session.begin()
    for _ in range(records):
        session.produce(Outgoing("out", b"k", b"v"))
    session.commit()


def test_a_sole_owner_sends_positions_first_and_when_they_have_moved(broker: MockBroker) -> None:
    broker.put(1, 10)
    session = broker.open()
    try:
        sending = Sending(session)
        commit(session)
        commit(session)
        assert sending.count == 1
        some(session)
        commit(session)
        assert sending.count == 2
        commit(session)
        assert sending.count == 2
        session.rewind()
        commit(session)
        assert sending.count == 3
    finally:
        session.close()


def test_a_transaction_without_a_record_sends_positions_which_are_then_what_is_fenced(broker: MockBroker) -> None:
    broker.put(1, 10)
    session = broker.open()
    try:
        sending = Sending(session)
        commit(session, records=0)
        commit(session, records=0)
        assert sending.count == 2
    finally:
        session.close()


def test_positions_that_have_not_moved_are_repeated_before_the_broker_forgets_them(
    broker: MockBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_session, "POSITIONS_EVERY_S", 0.0)
    broker.put(1, 10)
    session = broker.open()
    try:
        sending = Sending(session)
        commit(session)
        commit(session)
        assert sending.count == 2
    finally:
        session.close()


def test_a_member_of_a_group_sends_positions_in_every_transaction(broker: MockBroker) -> None:
    broker.put(1, 10)
    session = broker.open(Ownership.SHARED)
    try:
        some(session)
        sending = Sending(session)
        commit(session)
        commit(session)
        assert sending.count == 2
    finally:
        session.close()


class OddlyHeaded:
    """A message with a header whose name is not UTF-8, as the client gives it (measured)."""

    def headers(self) -> object:
        raise SystemError("returned a result with an exception set")

    def topic(self) -> str:
        return "in"

    def partition(self) -> int:
        return 0

    offset = partition

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        return b"x"

    def timestamp(self) -> tuple[int, int]:
        return (0, 0)


def test_a_header_name_that_is_not_utf8_stops_nobody() -> None:
    message = message_of(cast("KafkaMessage", OddlyHeaded()))
    assert (message.value, message.headers) == (b"x", {})


class Fetched:
    """A consumed record, or an error between records."""

    def __init__(self, offset: int, error: KafkaError | None = None) -> None:
        self._offset, self._error = offset, error

    def error(self) -> KafkaError | None:
        return self._error

    def offset(self) -> int:
        return self._offset

    def __getattr__(self, name: str) -> object:
        answers = {"topic": "in", "partition": 0, "key": None, "value": b"x", "headers": [], "timestamp": (1, 0)}
        return lambda: answers[name]


def test_an_error_between_records_loses_none_of_them() -> None:
    follower = KafkaFollower.__new__(KafkaFollower)
    error = KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION)
    follower._topics, follower._failure, follower._at = ["in"], None, {}  # type: ignore[misc]
    follower._consumer = Two([Fetched(0), Fetched(-1, error), Fetched(1)])  # type: ignore[assignment]
    assert [message.offset for message in follower.poll(10, 0)] == [0, 1]
    with pytest.raises(LogUnavailable):
        follower.poll(10, 0)
    assert follower.poll(10, 0) == []


class Two:
    """A consumer that gives its messages in one poll, then nothing."""

    def __init__(self, messages: list[Fetched]) -> None:
        self._messages = messages

    def poll(self, _timeout: float) -> Fetched | None:
        return self._messages.pop(0) if self._messages else None

    def consume(self, _limit: int, _timeout: float) -> list[Fetched]:
        rest, self._messages = self._messages, []
        return rest
