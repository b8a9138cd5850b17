"""Gold on its way through join: scored, never joined; and nothing joined that could be gold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import LogUnavailable, RegistryUnavailable
from schemas.geometry_codec import encode_geometry
from schemas.gold import GoldTruth, KnownWord, PersonScore, RedactionScore
from schemas.records import Contribution, LabelSpan, RawReference
from streams.engine.clock import SystemClock
from streams.engine.messages import Outgoing, TopicPartition
from streams.join.gold_book import GoldBook
from streams.join.processor import JoinProcessor
from tests.simulation.broker import Broker, MemoryFollower
from tests.simulation.world import SimulatedClock
from tests.streams.join.making import CODEC, GEOMETRY, gold_book, gold_record, verdict
from tests.streams.join.test_processor import Source, joined, run

TRUTH = GoldTruth(GEOMETRY.raw, (KnownWord("text", 2, 15, "PERSON", 0),), (LabelSpan("text", 3, 15, "NAME"),), {})
PEOPLE = (
    Contribution("ann-1", "l1", (LabelSpan("text", 3, 13, "NAME"),), {}),
    Contribution("ann-2", "l2", (), {}),
)


@pytest.fixture
def source() -> Source:
    source = Source()
    source.entries["redact.demo.0/1/0", "task-1"] = encode_geometry(GEOMETRY)
    return source


def test_a_verdict_on_gold_is_scored_and_never_joined(source) -> None:
    plan = run(JoinProcessor("demo", CODEC, source, gold_book(TRUTH)), verdict(contributions=PEOPLE))
    assert [(it.topic, it.key) for it in plan.outputs] == [
        ("scores.demo", b"ann-1"),
        ("scores.demo", b"ann-2"),
        ("scores.demo", b"redaction/task-1"),
    ]
    first = CODEC.decode(plan.outputs[0].value, PersonScore)
    assert [(it.question, it.right) for it in first.questions] == [("span/NAME", True)]
    redaction = CODEC.decode(plan.outputs[2].value, RedactionScore)
    assert (redaction.leaked, redaction.leaked_characters) == (1, 1)
    (event,) = plan.events
    assert (event.type, event.resource) == (EventType.GOLD_SCORED, "raw/raw.demo/2/17/1")
    assert event.parents == ("task/task-1", "verdict/task-1")
    assert event.details["matched"], event.details["questions"] == ("1", "2")
    assert "ann-1" not in str(event.details)


def test_gold_that_comes_between_two_batches_is_known_to_the_second(source) -> None:
    broker = Broker({"gold.demo": 1})
    processor = JoinProcessor("demo", CODEC, source, gold_book(broker=broker))
    assert len(joined(run(processor, verdict()))) == 1
    broker.append(gold_record(TRUTH))
    assert [it.type for it in run(processor, verdict()).events] == [EventType.GOLD_SCORED]


def test_gold_is_heard_between_batches_so_that_a_batch_finds_it_there(source) -> None:
    broker = Broker({"gold.demo": 1})
    follower = Counting(broker, ["gold.demo"])
    processor = JoinProcessor("demo", CODEC, source, GoldBook(follower, CODEC, "demo", SystemClock()))
    broker.append(gold_record(TRUTH))
    assert run(processor).empty
    assert follower.polls == 1
    assert [it.type for it in run(processor, verdict()).events] == [EventType.GOLD_SCORED]
    assert follower.polls == 1


class Counting(MemoryFollower):
    """Counts how often it is read."""

    polls = 0

    def poll(self, limit, timeout):
        self.polls += 1
        return super().poll(limit, timeout)


def test_a_later_revision_of_gold_is_gold(source) -> None:
    geometry = replace(GEOMETRY, raw=replace(GEOMETRY.raw, revision=2))
    source.entries["redact.demo.0/1/0", "task-1"] = encode_geometry(geometry)
    plan = run(JoinProcessor("demo", CODEC, source, gold_book(TRUTH)), verdict(revision=2))
    assert [it.type for it in plan.events] == [EventType.GOLD_SCORED]


def test_gold_is_checked_like_any_verdict_before_it_is_scored(source) -> None:
    plan = run(JoinProcessor("demo", CODEC, source, gold_book(TRUTH)), verdict(revision=2))
    assert ([it.reason for it in plan.events], plan.outputs) == (["stale_revision"], [])


class NeverThere(MemoryFollower):
    """A topic whose end is not reached. A poll waits for as long as it may."""

    def __init__(self, broker: Broker, clock: SimulatedClock) -> None:
        super().__init__(broker, ["gold.demo"])
        self._clock = clock

    def passed(self, ends) -> bool:
        return False

    def poll(self, limit, timeout):
        self._clock.wait(timeout)
        return super().poll(limit, timeout)


def test_while_the_end_of_gold_is_not_reached_nothing_is_joined_and_a_batch_does_not_wait_for_ever(source) -> None:
    clock = SimulatedClock()
    book, began = GoldBook(NeverThere(Broker({"gold.demo": 1}), clock), CODEC, "demo", clock), clock.monotonic()
    with pytest.raises(LogUnavailable, match="nothing is joined"):
        run(JoinProcessor("demo", CODEC, source, book), verdict())
    assert clock.monotonic() - began < 300


class NeverSilent(MemoryFollower):
    """A topic to which somebody publishes whenever it is read."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker, ["gold.demo"])
        self._to = broker

    def poll(self, limit, timeout):
        found = super().poll(limit, timeout)
        raw = RawReference("raw.demo", 0, self.ends()[TopicPartition("gold.demo", 0)])
        self._to.append(gold_record(replace(TRUTH, raw=raw)))
        return found


def test_gold_that_is_published_without_a_pause_holds_no_batch_up(source) -> None:
    broker = Broker({"gold.demo": 1})
    broker.append(gold_record(TRUTH))
    book = GoldBook(NeverSilent(broker), CODEC, "demo", SimulatedClock())
    plan = run(JoinProcessor("demo", CODEC, source, book), verdict())
    assert [it.type for it in plan.events] == [EventType.GOLD_SCORED]


@pytest.mark.parametrize(
    "value",
    [b"nonsense", None, CODEC.encode(replace(TRUTH, raw=RawReference("raw.demo", 2, 18)))],
)
def test_gold_whose_truth_cannot_be_read_is_refused_and_not_joined(source, value) -> None:
    broker = Broker({"gold.demo": 1})
    broker.append(replace_value(gold_record(TRUTH), value))
    plan = run(JoinProcessor("demo", CODEC, source, gold_book(broker=broker)), verdict())
    assert ([it.reason for it in plan.events], plan.outputs) == (["undecodable"], [])


def test_a_record_of_gold_that_names_no_record_is_refused_once_and_the_rest_goes_on(source) -> None:
    broker = Broker({"gold.demo": 1})
    broker.append(Outgoing("gold.demo", b"raw/nowhere", b""))
    broker.append(Outgoing("gold.demo", b"raw/raw.other/2/17/1", b""))
    processor = JoinProcessor("demo", CODEC, source, gold_book(broker=broker))
    plan = run(processor, verdict())
    assert [it.type for it in plan.events] == [EventType.RECORD_REFUSED] * 2 + [EventType.LABEL_JOINED]
    assert plan.events[0].resource == "message/gold.demo/0/0"
    assert [it.type for it in run(processor, verdict()).events] == [EventType.LABEL_JOINED]


def test_a_registry_that_is_away_loses_no_gold(source, monkeypatch) -> None:
    """The follower hands each record over once; what it held must be known when the registry is back."""
    processor = JoinProcessor("demo", CODEC, source, gold_book(TRUTH))

    def away(_book: object, _raw: object) -> None:
        raise RegistryUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(GoldBook, "truth", away)
        with pytest.raises(RegistryUnavailable):
            run(processor, verdict())
    assert [it.type for it in run(processor, verdict()).events] == [EventType.GOLD_SCORED]


def replace_value(record: Outgoing, value: bytes | None) -> Outgoing:
    return Outgoing(record.topic, record.key, value)
