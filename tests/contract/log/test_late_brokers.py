"""A broker that can't be talked to for longer than one question waits: who acts need not do it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.errors import AccessDenied, LogUnavailable
from streams.engine import kafka_lateness
from streams.engine.kafka import KafkaAccess, KafkaLog
from streams.engine.log import Ownership, SessionSpec
from tests.support.gate import Gate
from tests.support.topics import create_topic
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

ROUND_S = 0.1
"""Instead of two seconds."""
TURNED_AWAY = 4
"""Connections; the client makes another after 0.1 s, then after twice as long each time."""


@pytest.fixture
def kafka(stack):
    return stack.endpoints.kafka


@pytest.fixture
def gate(kafka, monkeypatch):
    monkeypatch.setattr(kafka_lateness, "ROUND_S", ROUND_S)
    with closing(Gate(int(kafka.bootstrap.rpartition(":")[2]), asked=0)) as made:
        yield made


@pytest.fixture
def topic(kafka):
    name = f"late-{uuid.uuid4().hex[:12]}"
    admin = AdminClient(kafka.client_settings() | {"log_level": 2})
    create_topic(admin, NewTopic(name, 1, 1))
    return name


def log_of(kafka, port: int, password: str = "") -> KafkaLog:
    password = password or kafka.admin_password_file.read_text().strip()
    return KafkaLog(KafkaAccess(f"127.0.0.1:{port}", kafka.ca_file, kafka.admin_user, password))


def spec(**changes) -> SessionSpec:
    name = f"late-{uuid.uuid4().hex[:12]}"
    return replace(SessionSpec(name, name, (), Ownership.WHOLE, patience_s=30), **changes)


def opened(log: KafkaLog, **changes) -> bool:
    session = log.open(spec(**changes))
    session.close()
    return True


def once_it_is_there(gate: Gate, act: Callable[[], object]) -> object:
    """What comes of it where several rounds have gone by in vain."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(act)
        wait_for(lambda: gate.turned_away >= TURNED_AWAY, "it has tried in vain")
        assert not waiting.done()
        gate.let_in()
        return waiting.result()


def test_reading_goes_on(kafka, gate, topic):
    log = log_of(kafka, gate.port)
    assert once_it_is_there(gate, lambda: list(log.read(topic))) == []


def test_following_goes_on(kafka, gate, topic):
    log = log_of(kafka, gate.port)
    once_it_is_there(gate, lambda: log.follow([topic]).close())


@pytest.mark.parametrize("by_turns", [False, True])
def test_opening_goes_on(kafka, gate, by_turns):
    log = log_of(kafka, gate.port)
    assert once_it_is_there(gate, lambda: opened(log, by_turns=by_turns))


def test_who_has_no_patience_is_told(kafka, gate):
    with pytest.raises(LogUnavailable):
        opened(log_of(kafka, gate.port), patience_s=3 * ROUND_S)


def test_a_wrong_password_is_not_waited_for(kafka, gate, topic):
    gate.let_in()
    log = log_of(kafka, gate.port, "not-the-password")
    for act in (lambda: list(log.read(topic)), lambda: log.follow([topic]), lambda: opened(log)):
        with pytest.raises(AccessDenied):
            act()
