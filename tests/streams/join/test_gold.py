"""Gold on its way through join: scored, never joined; and nothing joined that could be gold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import LogUnavailable, RegistryUnavailable
from schemas.geometry_codec import encode_geometry
from schemas.gold import GoldTruth, KnownWord, PersonScore, RedactionScore
from schemas.records import Contribution, LabelSpan, RawReference
from streams.engine.messages import Outgoing
from streams.join.gold_book import GoldBook
from streams.join.processor import JoinProcessor
from tests.simulation.broker import Broker, MemoryFollower
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
    processor = JoinProcessor("demo", CODEC, source, GoldBook(follower, CODEC, "demo"))
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
    """A topic whose end is not reached."""

    def at_end(self) -> bool:
        return False


def test_while_the_end_of_gold_is_not_reached_nothing_is_joined(source) -> None:
    book = GoldBook(NeverThere(Broker({"gold.demo": 1}), ["gold.demo"]), CODEC, "demo")
    with pytest.raises(LogUnavailable, match="nothing is joined"):
        run(JoinProcessor("demo", CODEC, source, book), verdict())


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
