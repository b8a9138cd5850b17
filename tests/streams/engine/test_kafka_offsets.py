"""Asking where partitions end, by many threads with one client of the library."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import LogUnavailable
from streams.engine import kafka
from streams.engine.kafka import EndOffsets, KafkaAccess
from streams.engine.messages import TopicPartition

PLACE = KafkaPartition("in", 0)


class Admin:
    """Answers 7, but only as long as somebody holds it: so does the library's client.

    The `meanwhile` of the class, taken once, is what happens while an answer is waited for.
    """

    meanwhile: list[object]

    def __init__(self, settings: object) -> None:
        self._settings = settings

    def list_offsets(self, partitions: Iterable[KafkaPartition], **_: object) -> dict[KafkaPartition, object]:
        me = weakref.ref(self)

        def result() -> SimpleNamespace:
            if Admin.meanwhile:
                Admin.meanwhile.pop()()  # type: ignore[operator]
            assert me() is not None, "who asked has let go of its client: the answer never comes"
            return SimpleNamespace(offset=7)

        return {partition: SimpleNamespace(result=result) for partition in partitions}


def failing() -> None:
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> EndOffsets:
    monkeypatch.setattr(kafka, "AdminClient", Admin)
    Admin.meanwhile = []
    return EndOffsets(KafkaAccess("localhost:1", None, "", ""))


def test_a_client_that_another_thread_replaces_is_held_until_it_has_answered(ends: EndOffsets) -> None:
    def another_fails() -> None:
        Admin.meanwhile.append(failing)
        assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}

    Admin.meanwhile = [another_fails]
    assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}


def test_after_each_failure_a_new_client_is_asked(ends: EndOffsets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "PAUSES_S", (0.0, 0.0, 0.0))
    Admin.meanwhile = [failing] * 3
    assert ends.of([PLACE]) == {TopicPartition("in", 0): 7}
    Admin.meanwhile = [failing] * 4
    with pytest.raises(LogUnavailable):
        ends.of([PLACE])
