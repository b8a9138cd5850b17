"""What only Kafka's client does to a session."""

from __future__ import annotations

from threading import Event

import pytest
from confluent_kafka import KafkaError

from schemas.errors import CommitInDoubt, Fenced
from streams.engine.bounded_calls import BoundedCalls, CallHangs
from streams.engine.kafka_errors import translate
from streams.engine.kafka_login import KafkaLogin
from streams.engine.kafka_session import KafkaSession
from streams.engine.log import Ownership, SessionSpec

SPEC = SessionSpec("join.demo.0", "join.demo", ("t",), Ownership.SHARED)


class Notice:
    """A message that is an error."""

    def error(self):
        return KafkaError(KafkaError._FATAL)

    def value(self):
        return None


class Client:
    """A consumer whose group throws it out in the middle of a rebalance: told once, silent ever after."""

    def __init__(self, settings):
        self.settings = settings
        self.told = False

    def subscribe(self, _topics, **callbacks):
        self.revoked = callbacks["on_revoke"]

    def poll(self, _timeout):
        if self.told:
            return None
        self.told = True
        self.revoked(self, [])
        return Notice()

    def consume(self, _limit, _timeout):
        return []

    def init_transactions(self, _timeout):
        return None

    def purge(self, *, blocking):
        assert not blocking  # it would wait with Python's lock held

    def flush(self, _timeout):
        return 0


def test_being_thrown_out_of_the_group_amid_a_rebalance_is_not_missed(monkeypatch):
    monkeypatch.setattr("streams.engine.kafka_session.Consumer", Client)
    monkeypatch.setattr("streams.engine.kafka_producer.Producer", Client)
    session = KafkaSession({}, SPEC, KafkaLogin("", ""))
    with pytest.raises(Fenced):
        session.poll(10, 0.0)
    session.close()


def test_being_thrown_out_is_also_heard_from_the_error_callback(monkeypatch):
    monkeypatch.setattr("streams.engine.kafka_session.Consumer", Client)
    monkeypatch.setattr("streams.engine.kafka_producer.Producer", Client)
    session = KafkaSession({}, SPEC, KafkaLogin("", ""))
    session._consumer.told = True
    session._consumer.settings["error_cb"](KafkaError(KafkaError._FATAL))
    with pytest.raises(Fenced):
        session.poll(10, 0.0)
    session.close()


def test_a_producer_beyond_repair_is_discarded():
    assert isinstance(translate(KafkaError(KafkaError._STATE, "x", fatal=True), "committing"), CommitInDoubt)


def test_a_call_that_hangs_is_waited_for_only_so_long():
    calls, release = BoundedCalls("test"), Event()
    assert calls.run(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        calls.run(lambda: 1 // 0, 5)
    with pytest.raises(CallHangs):
        calls.run(release.wait, 0.01)
    release.set()
    calls.close()
