"""How long a broker that is late is asked, and what ends that sooner."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import AccessDenied
from streams.engine.kafka_lateness import ROUND_S, while_late

NO_ANSWER = KafkaError(KafkaError._TIMED_OUT)
MOVED = KafkaError(KafkaError.NOT_COORDINATOR, retriable=True)
DENIED = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)


class Broker:
    """Gives these answers one after the other, and then nothing; a round takes as long as it is given."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)
        self.now = 0.0
        self.limits: list[float] = []
        self.heard: AccessDenied | None = None

    def ask(self, limit_s: float) -> object:
        self.limits.append(limit_s)
        answer = self._answers.pop(0) if self._answers else NO_ANSWER
        if not isinstance(answer, KafkaError):
            return answer
        self.now += limit_s
        raise KafkaException(answer)

    def asked(self, patience_s: float) -> object:
        return while_late(self.ask, lambda: self.heard, patience_s, lambda: self.now)


@pytest.mark.parametrize("late", [NO_ANSWER, KafkaError(KafkaError._TRANSPORT), MOVED], ids=lambda it: it.name())
def test_a_late_answer_is_an_answer(late):
    assert Broker(late, late, "here").asked(30) == "here"


def test_it_is_asked_until_patience_is_over():
    broker = Broker()
    with pytest.raises(KafkaException):
        broker.asked(3 * ROUND_S)
    assert broker.limits == [ROUND_S] * 3


def test_no_round_is_longer_than_patience():
    broker = Broker()
    with pytest.raises(KafkaException):
        broker.asked(ROUND_S / 2)
    assert broker.limits == [ROUND_S / 2]


def test_what_waiting_does_not_change_is_told_at_once():
    broker = Broker(DENIED)
    with pytest.raises(KafkaException):
        broker.asked(30)
    assert len(broker.limits) == 1


def test_what_the_client_has_heard_ends_it():
    broker = Broker()
    broker.heard = AccessDenied("wrong password")
    with pytest.raises(AccessDenied):
        broker.asked(30)
    assert len(broker.limits) == 1
