"""A client that gives up for good is followed by another, and nobody is left untold."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import LogUnavailable, Refused
from streams.publish.lasting import SLICE_S, LastingProducer

FATAL = KafkaException(KafkaError(KafkaError._FATAL))


class Client:
    """One of Kafka's; `gives_up` makes it say so at the next poll, and take nothing more. `stuck`: tells nothing
    for now. As Kafka's own, it is false where nothing waits in it.
    """

    def __init__(self) -> None:
        self.waiting = []
        self.polled = []
        self.delivered = []
        self.gave_up = self.told = self.purged = self.stuck = False

    def gives_up(self) -> None:
        self.gave_up = True

    def produce(self, topic, value=None, key=None, *, on_delivery=None, headers=None):
        if self.gave_up:
            raise FATAL
        self.waiting.append((value, on_delivery))

    def poll(self, timeout):
        self.polled.append(timeout)
        if self.gave_up and not self.told:
            self.told = True
            raise KafkaException(KafkaError(KafkaError._INCONSISTENT))
        if self.stuck or (self.gave_up and not self.purged):
            return 0
        count = len(self.waiting)
        while self.waiting:
            value, on_delivery = self.waiting.pop(0)
            on_delivery(KafkaError(KafkaError._PURGE_QUEUE) if self.gave_up else None, value)
            if not self.gave_up:
                self.delivered.append(value)
        return count

    def purge(self, *, blocking):
        assert not blocking
        self.purged = True

    def __len__(self):
        return len(self.waiting)


class Clients:
    def __init__(self) -> None:
        self.made = []

    def __call__(self):
        self.made.append(Client())
        return self.made[-1]


class Time:
    now = 0.0

    def monotonic(self):
        self.now += 0.1
        return self.now


@pytest.fixture
def clients():
    return Clients()


@pytest.fixture
def producer(clients):
    return LastingProducer(clients, Time().monotonic)


@pytest.fixture
def told():
    return []


@pytest.fixture
def publish(producer, told):
    def call(value):
        producer.produce("raw.demo", value, b"key", on_delivery=lambda error, of: told.append((of, error is None)))

    return call


def test_what_the_one_that_gave_up_had_is_told_as_failed_and_the_next_takes_what_comes(
    clients, producer, publish, told
):
    publish(b"1")
    producer.flush(1)
    publish(b"2")
    clients.made[0].gives_up()
    publish(b"3")
    assert told == [(b"1", True), (b"2", False)]
    assert producer.flush(1) == 0
    assert told == [(b"1", True), (b"2", False), (b"3", True)]
    assert [client.delivered for client in clients.made] == [[b"1"], [b"3"]]


def test_a_flush_in_which_it_gives_up_tells_everyone_and_raises_nothing(clients, producer, publish, told):
    for value in (b"1", b"2"):
        publish(value)
    clients.made[0].gives_up()
    assert producer.flush(1) == 0
    assert told == [(b"1", False), (b"2", False)]
    assert len(clients.made) == 1, "nobody wants another yet"


def test_a_flush_ends_in_time_and_says_how_many_are_waiting(clients, producer, publish):
    publish(b"1")
    clients.made[0].stuck = True
    assert producer.flush(1) == 1


@pytest.fixture
def late(clients, producer, publish):
    """Gave up with a record in it, of which it had not told when its time was up."""
    publish(b"1")
    first = clients.made[0]
    first.gives_up()
    first.stuck = True
    publish(b"2")
    return first


def test_a_flush_waits_for_what_the_one_that_gave_up_has_still_to_tell(clients, producer, told, late):
    assert producer.flush(1) == 1, "nobody has confirmed it, and nobody has said that it failed"
    assert told == [(b"2", True)], "the next one is served meanwhile"
    late.stuck = False
    assert producer.flush(1) == 0
    assert told == [(b"2", True), (b"1", False)]


def test_a_poll_serves_the_one_that_gave_up_too_and_in_time(clients, producer, told, late):
    producer.poll(30)
    assert told == [(b"2", True)]
    assert clients.made[1].polled == [SLICE_S], "else its reports wait as long"
    late.stuck = False
    assert producer.poll(0) == 1
    assert told == [(b"2", True), (b"1", False)]


def test_one_that_has_told_all_is_let_go_of(clients, producer, late):
    late.stuck = False
    producer.flush(1)
    before = len(late.polled)
    producer.poll(30)
    assert len(late.polled) == before
    assert clients.made[1].polled[-1] == 30


def test_when_the_next_one_gives_up_too_both_are_waited_for(clients, producer, publish, told, late):
    second = clients.made[1]
    second.gives_up()
    second.stuck = True
    publish(b"3")
    assert producer.flush(1) == 2
    late.stuck = second.stuck = False
    assert producer.flush(1) == 0
    assert sorted(told) == [(b"1", False), (b"2", False), (b"3", True)]
    assert len(clients.made) == 3


def test_who_publishes_from_within_a_report_finds_the_next_client(clients, producer, told):
    def again(_error, value):
        told.append(value)
        if value == b"1":
            producer.produce("raw.demo", b"again", on_delivery=again)

    producer.produce("raw.demo", b"1", on_delivery=again)
    clients.made[0].gives_up()
    producer.produce("raw.demo", b"2", on_delivery=again)
    producer.flush(1)
    assert sorted(told) == [b"1", b"2", b"again"]
    assert len(clients.made) == 2


@pytest.mark.parametrize(
    ("code", "expected"), [(KafkaError.MSG_SIZE_TOO_LARGE, Refused), (KafkaError._STATE, LogUnavailable)]
)
def test_what_a_client_refuses_otherwise_is_our_error_and_ends_nothing(
    clients, producer, publish, monkeypatch, code, expected
):
    def refuse(*_, **__):
        raise KafkaException(KafkaError(code))

    monkeypatch.setattr(Client, "produce", refuse)
    with pytest.raises(expected):
        publish(b"1")
    assert len(clients.made) == 1


def test_what_the_next_client_refuses_is_our_error_too(clients, publish, monkeypatch):
    take = Client.produce

    def refuse_later(self, *given, **named):
        if self is not clients.made[0]:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        take(self, *given, **named)

    monkeypatch.setattr(Client, "produce", refuse_later)
    clients.made[0].gives_up()
    with pytest.raises(Refused):
        publish(b"1")


def test_a_next_client_that_has_given_up_by_then_is_followed_too(clients, producer, publish, told):
    first = clients.made[0]
    first.waiting.append((b"0", lambda _error, _value: clients.made[1].gives_up()))
    first.gives_up()
    publish(b"1")
    assert producer.flush(1) == 0
    assert told == [(b"1", True)]
    assert len(clients.made) == 3


def test_a_full_queue_is_said_as_the_client_says_it(clients, producer, publish, monkeypatch):
    def refuse(*_, **__):
        raise BufferError

    monkeypatch.setattr(Client, "produce", refuse)
    with pytest.raises(BufferError):
        publish(b"1")
