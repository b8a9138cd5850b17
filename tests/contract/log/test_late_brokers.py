"""A broker that can't be talked to for longer than one question waits: who acts need not do it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.errors import AccessDenied, LogUnavailable
from streams.engine import kafka_follower, kafka_lateness, kafka_producer
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_lateness import while_late
from streams.engine.log import Ownership, SessionSpec
from tests.support.gate import Gate
from tests.support.topics import create_topic
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

ROUND_S = 0.1
"""Instead of two seconds."""
ROUNDS = 3
"""More than the client asks by itself while one question waits."""
LIMIT_S = 60.0
LONG_S = 2 * LIMIT_S
"""Patience that no act is meant to need: who has it, and is not told, is late."""


@pytest.fixture
def endpoint(stack):
    return stack.endpoints.kafka


@pytest.fixture
def gate(endpoint):
    with closing(Gate(int(endpoint.bootstrap.rpartition(":")[2]), asked=0)) as made:
        yield made


@pytest.fixture
def rounds(monkeypatch) -> list[float]:
    """The limit of each question that was asked."""
    found: list[float] = []

    def noted(ask, *others):
        def asked(limit_s):
            found.append(limit_s)
            return ask(limit_s)

        return while_late(asked, *others)

    monkeypatch.setattr(kafka_lateness, "ROUND_S", ROUND_S)
    for module in (kafka_follower, kafka_producer):
        monkeypatch.setattr(module, "while_late", noted)
    return found


@pytest.fixture
def topic(endpoint):
    name = f"late-{uuid.uuid4().hex[:12]}"
    admin = AdminClient(endpoint.client_settings() | {"log_level": 2})
    create_topic(admin, NewTopic(name, 1, 1))
    return name


def log_of(endpoint, gate: Gate, patience_s: float = LONG_S, password: str = "") -> KafkaLog:
    password = password or endpoint.admin_password_file.read_text().strip()
    access = KafkaAccess(f"127.0.0.1:{gate.port}", endpoint.ca_file, endpoint.admin_user, password)
    return KafkaLog(access, patience_s)


def opened(log: KafkaLog, **changes) -> bool:
    name = f"late-{uuid.uuid4().hex[:12]}"
    log.open(replace(SessionSpec(name, name, (), Ownership.WHOLE), **changes)).close()
    return True


def once_it_is_there(gate: Gate, rounds: list[float], act: Callable[[], object]) -> object:
    """What comes of it where several rounds have gone by in vain."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(act)
        wait_for(lambda: len(rounds) > ROUNDS, "it has asked in vain")
        assert not waiting.done()
        gate.let_in()
        return waiting.result(LIMIT_S)


def test_reading_goes_on(endpoint, gate, rounds, topic):
    log = log_of(endpoint, gate)
    assert once_it_is_there(gate, rounds, lambda: list(log.read(topic))) == []


def test_following_goes_on(endpoint, gate, rounds, topic):
    log = log_of(endpoint, gate)
    once_it_is_there(gate, rounds, lambda: log.follow([topic]).close())


@pytest.mark.parametrize("by_turns", [False, True])
def test_opening_goes_on(endpoint, gate, rounds, by_turns):
    log = log_of(endpoint, gate)
    assert once_it_is_there(gate, rounds, lambda: opened(log, by_turns=by_turns))


def test_who_has_no_patience_is_told(endpoint, gate, rounds, topic):
    log = log_of(endpoint, gate, patience_s=ROUNDS * ROUND_S)
    for act in (lambda: list(log.read(topic)), lambda: log.follow([topic]), lambda: opened(log)):
        with pytest.raises(LogUnavailable):
            act()


def test_a_wrong_password_is_not_waited_for(endpoint, gate, rounds, topic):
    gate.let_in()
    log = log_of(endpoint, gate, password="not-the-password")
    with ThreadPoolExecutor(1) as pool:
        for act in (partial(list, log.read(topic)), partial(log.follow, [topic]), partial(opened, log)):
            with pytest.raises(AccessDenied):
                pool.submit(act).result(LIMIT_S)
