"""Two producers by turns, where one of them fails. What the broker has to say is in `tests/contract/log`."""

from __future__ import annotations

import pytest

from schemas.errors import Abortable, AccessDenied, Fenced, LogUnavailable, VeilError
from streams.engine import kafka_turns
from streams.engine.kafka_login import KafkaLogin
from streams.engine.kafka_turns import KafkaTurns
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing


class Broker:
    """What was done, as `id call`, and what fails: each once, in this order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failing: list[tuple[str, VeilError]] = []

    def at(self, what: str) -> None:
        self.done.append(what)
        if self.failing and self.failing[0][0] == what:
            raise self.failing.pop(0)[1]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()

    class Producer:
        def __init__(self, _access: object, name: str, _timeout_ms: int, _login: object) -> None:
            self._name = name

        def __getattr__(self, call: str) -> object:
            return lambda *_: made.at(f"{self._name} {call}")

    monkeypatch.setattr(kafka_turns, "KafkaProducer", Producer)
    return made


@pytest.fixture
def turns(broker: Broker) -> KafkaTurns:
    made = KafkaTurns({}, ("a", "b"), 15_000, lambda: False, KafkaLogin("", ""))
    made.initialise()
    return made


def transact(turns: KafkaTurns) -> None:
    turns.begin()
    turns.produce(Outgoing("out", b"k", b"v"))
    turns.commit()


def committed(broker: Broker) -> str:
    return "".join(what[0] for what in broker.done if what.endswith(" commit"))


def test_each_has_its_turn_and_positions_are_the_first_s(broker: Broker, turns: KafkaTurns) -> None:
    for _ in range(4):
        transact(turns)
    turns.begin()
    turns.send_positions([], None)
    turns.commit()
    transact(turns)
    assert committed(broker) == "ababab"
    turns.begin()
    turns.send_positions([], None)
    turns.commit()
    turns.begin()
    turns.send_positions([], None)
    turns.commit()
    assert committed(broker) == "abababaa"


def test_what_holds_nothing_proves_nothing(broker: Broker, turns: KafkaTurns) -> None:
    turns.begin()
    turns.commit()
    transact(turns)
    assert committed(broker) == "a"


@pytest.mark.parametrize("call", ["begin", "produce", "commit"])
def test_fenced_on_the_second_it_waits_for_two_commits_of_the_first(
    broker: Broker, turns: KafkaTurns, call: str
) -> None:
    transact(turns)
    broker.failing = [(f"b {call}", Fenced("b"))]
    with pytest.raises(Abortable):
        transact(turns)
    turns.abort()
    broker.done.clear()
    for _ in range(3):
        transact(turns)
    kept = [what for what in broker.done if what.split()[1] in {"initialise", "commit"}]
    assert kept == ["a commit", "b initialise", "a commit", "b commit"]


def test_fenced_while_aborting_on_the_second_it_goes_on(broker: Broker, turns: KafkaTurns) -> None:
    transact(turns)
    broker.failing = [("b commit", Abortable("undelivered")), ("b abort", Fenced("b"))]
    with pytest.raises(Abortable):
        transact(turns)
    turns.abort()
    transact(turns)
    assert committed(broker)[-1] == "a"


def test_a_second_that_can_t_be_initialised_again_is_tried_again(broker: Broker, turns: KafkaTurns) -> None:
    transact(turns)
    broker.failing = [("b commit", Fenced("b")), ("b initialise", LogUnavailable("away"))]
    with pytest.raises(Abortable):
        transact(turns)
    turns.abort()
    transact(turns)
    with pytest.raises(LogUnavailable):
        transact(turns)
    turns.abort()
    for _ in range(2):
        transact(turns)
    assert broker.done.count("b initialise") == 3
    assert committed(broker)[-2:] == "ab"


@pytest.mark.parametrize("whose", ["a", "b"])
def test_a_right_that_is_missing_is_told_as_such(broker: Broker, turns: KafkaTurns, whose: str) -> None:
    broker.failing = [(f"{whose} commit", AccessDenied(whose))]
    if whose == "b":
        transact(turns)
    with pytest.raises(AccessDenied):
        transact(turns)


def test_fenced_on_the_first_it_ends(broker: Broker, turns: KafkaTurns) -> None:
    broker.failing = [("a commit", Fenced("a"))]
    with pytest.raises(Fenced):
        transact(turns)


def test_a_member_of_a_group_has_one_id() -> None:
    with pytest.raises(ValueError, match="sole owner"):
        SessionSpec("join.demo.0", "join.demo", (), Ownership.SHARED, by_turns=True)
