"""Asking where partitions end, by many threads with one client of the library."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import LogUnavailable
from streams.engine import kafka_ends
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_ends import EndOffsets
from streams.engine.messages import TopicPartition
from tests.support.waiting import wait_for

PLACE = KafkaPartition("in", 0)
BROKER = """
import sys
from confluent_kafka import Producer
broker = Producer({"bootstrap.servers": "nowhere", "test.mock.num.brokers": 1, "log_level": 0})
print(*(f"{it.host}:{it.port}" for it in broker.list_topics(timeout=60).brokers.values()), flush=True)
sys.stdin.read()
"""
"""The broker that the library brings for tests, in a process that can be stopped."""


class Admin:
    """Answers 7, but only as long as somebody holds it, and is false where nothing waits in it: so is the
    library's client.

    The `meanwhile` of the class, taken once, is what happens while an answer is waited for, `answers` the first
    offsets, `made` how many there were.
    """

    meanwhile: list[object]
    answers: list[int]
    made: int

    def __init__(self, settings: object) -> None:
        self._settings = settings
        Admin.made += 1

    def __len__(self) -> int:
        return 0

    def list_offsets(self, partitions: Iterable[KafkaPartition], **_: object) -> dict[KafkaPartition, object]:
        me = weakref.ref(self)

        def result() -> SimpleNamespace:
            if Admin.meanwhile:
                Admin.meanwhile.pop()()  # type: ignore[operator]
            assert me() is not None, "who asked has let go of its client: the answer never comes"
            return SimpleNamespace(offset=Admin.answers.pop(0) if Admin.answers else 7)

        return {partition: SimpleNamespace(result=result) for partition in partitions}


class Plain(KafkaAccess):
    """Without TLS and password."""

    def settings(self) -> dict[str, object]:
        return {"bootstrap.servers": self.bootstrap, "log_level": 0}


def failing() -> None:
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> EndOffsets:
    monkeypatch.setattr(kafka_ends, "AdminClient", Admin)
    Admin.meanwhile, Admin.answers, Admin.made = [], [], 0
    return EndOffsets(KafkaAccess("localhost:1", None, "", ""))


def test_a_client_that_another_thread_replaces_is_held_until_it_has_answered(ends: EndOffsets) -> None:
    def another_fails() -> None:
        Admin.meanwhile.append(failing)
        assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}

    Admin.meanwhile = [another_fails]
    assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}


def test_after_each_failure_a_new_client_is_asked(ends: EndOffsets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_ends, "PAUSES_S", (0.0, 0.0, 0.0))
    Admin.meanwhile = [failing] * 3
    assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}
    Admin.meanwhile = [failing] * 4
    with pytest.raises(LogUnavailable):
        ends.of([PLACE])


def test_one_client_is_asked_as_long_as_it_answers(ends: EndOffsets) -> None:
    for _ in range(3):
        ends.of([PLACE])
    assert Admin.made == 1


def test_an_offset_that_nobody_has_told_is_no_answer_and_another_client_is_asked(ends: EndOffsets) -> None:
    Admin.answers = [OFFSET_INVALID]
    assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}
    assert Admin.made == 2


@pytest.fixture
def broker() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        (sys.executable, "-c", BROKER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.kill()


def all_stand(pid: int) -> bool:
    """Whether the signal has reached all threads: until then one may still answer."""
    told = [task.joinpath("stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(it.rpartition(")")[2].split()[0] == "T" for it in told)


def test_a_broker_that_stands_still_is_not_taken_for_one_whose_topics_are_empty(
    broker: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own client: it says of each partition that all went well, and that its offset is invalid."""
    assert broker.stdout is not None
    ends = EndOffsets(Plain(broker.stdout.readline().strip(), None, "", ""))
    before = ends.at("in", 0)
    assert before
    monkeypatch.setattr(kafka_ends, "METADATA_TIMEOUT_S", 0.5)
    os.kill(broker.pid, signal.SIGSTOP)
    wait_for(lambda: all_stand(broker.pid), "each thread of it stands")
    try:
        with pytest.raises(LogUnavailable):
            ends.of([PLACE])
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    monkeypatch.undo()
    assert ends.at("in", 0) == before
