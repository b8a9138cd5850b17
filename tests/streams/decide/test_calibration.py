"""Scores on gold: people's rates known better, who is below the bar paused, and let in again by an operator."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from schemas.audit import EventType
from schemas.gold import NOT, SET, PersonGold, PersonScore, PersonStanding, RedactionScore, ScoredQuestion
from schemas.records import Verdict
from schemas.states import Reviewer
from streams.decide.calibration import GoldSeams
from streams.decide.processor import DecideProcessor
from streams.decide.reviewers import Learned, Snapshot, calibrated, learned
from streams.decide.rules import Method, Rules
from streams.decide.standing import RECENT, answered, is_below, unknown
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan
from tests.streams.decide.making import CODEC, label, message, span
from tests.streams.decide.test_processor import SLOT, Standing, changelog, read

WEIGHED = Rules(Method.DAWID_SKENE)


@dataclass
class Office:
    """A decide processor over its changelog, with what `control` and the policies say."""

    bar: float | None = 0.8
    rules: Rules = field(default_factory=Rules)
    orders: dict[str, int] = field(default_factory=dict)
    log: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        seams = GoldSeams(lambda _: self.bar, lambda person: self.orders.get(person, 0))
        self.decide = DecideProcessor("demo", CODEC, Standing(), lambda: self.rules, gold=seams)
        self.decide.restore(SLOT, self.log)
        self.control()

    def control(self) -> Plan:
        return self.kept(self.decide.control([f"readmit/demo/{person}" for person in self.orders]))

    def score(self, person: str, right: int, wrong: int) -> Plan:
        rights = [ScoredQuestion("span/A", SET, SET)] * right
        score = PersonScore(person, "policy", (*rights, *[ScoredQuestion("span/A", SET, NOT)] * wrong), 5)
        record = message(score, topic="scores.demo")
        return self.kept(self.decide.process(Batch([record], [], {}, 1_000)))

    def kept(self, plan: Plan) -> Plan:
        self.log += changelog(plan)
        return plan


def standings(plan: Plan) -> list[PersonStanding]:
    return read(plan, "people.demo", PersonStanding)


def test_who_is_below_the_bar_beyond_doubt_is_paused_once_and_label_and_audit_told():
    office = Office()
    assert office.score("ann-1", 0, 6).events == []  # of one record nobody is judged
    plan = office.score("ann-1", 6, 8)
    assert standings(plan) == [PersonStanding("ann-1", True, 1_000, "below_bar", 20, 6)]
    assert [it.key for it in plan.outputs if it.topic == "people.demo"] == [b"ann-1"]
    (event,) = plan.events
    assert (event.type, event.resource, event.person, event.reason) == (
        EventType.PERSON_PAUSED,
        "project/demo",
        "ann-1",
        "below_bar",
    )
    assert event.details == {"policy": "policy", "answered": "20", "matched": "6", "bar": "0.8"}
    assert office.score("ann-1", 0, 9).events == []
    office.start()
    assert office.score("ann-1", 0, 9).events == []
    assert office.score("ann-2", 20, 0).events == []


def test_an_operator_lets_a_person_in_again_and_what_they_answered_before_counts_no_more():
    office = Office()
    office.score("ann-1", 0, 20)
    office.orders["ann-1"] = 7
    plan = office.control()
    assert standings(plan) == [PersonStanding("ann-1", False, 500, "readmitted", 0, 0)]
    assert [(it.type, it.person, it.details) for it in plan.events] == [
        (EventType.PERSON_RESUMED, "ann-1", {"version": "7"})
    ]
    assert office.control().events == []
    office.start()  # `control` shows the order again
    assert office.score("ann-1", 2, 3).events == []
    assert [it.type for it in office.score("ann-1", 0, 20).events] == [EventType.PERSON_PAUSED]
    office.start()
    assert office.score("ann-1", 1, 0).events == []
    office.orders["ann-1"] = 8
    assert [it.type for it in office.control().events] == [EventType.PERSON_RESUMED]


def test_an_order_for_somebody_who_is_not_paused_does_nothing_now_and_nothing_later():
    office = Office(orders={"ann-1": 7})
    assert office.control().events == []
    assert [it.type for it in office.score("ann-1", 0, 20).events] == [EventType.PERSON_PAUSED]
    office.start()
    assert office.control().events == []


@pytest.mark.parametrize("bar", [None, 0.0, 1.0])
def test_without_a_bar_nobody_is_paused(bar):
    office = Office(bar=bar)
    assert office.score("ann-1", 0, 40).events == []


def test_answers_of_long_ago_count_no_more():
    office = Office()
    office.score("ann-1", 50, 0)
    office.score("ann-1", 50, 0)
    for _ in range(10):
        plan = office.score("ann-1", 4, 6)
        if plan.events:
            break
    assert [it.type for it in plan.events] == [EventType.PERSON_PAUSED]
    (kept,) = [CODEC.decode(it.value, PersonGold) for it in office.log[-1:] if it.key == b"gold/ann-1"]
    assert len(kept.recent) == RECENT


def test_scores_of_the_redactor_are_not_for_decide_and_a_bad_one_is_refused():
    office = Office()
    redaction = RedactionScore("t", "s", "policy", "bundle", 1, 1, 4, 4, 5)
    messages = [
        Message("scores.demo", 0, 0, b"redaction/t", CODEC.encode(redaction)),
        message(b"nonsense", 1, "scores.demo"),
    ]
    plan = office.decide.process(Batch(messages, [], {}, 1_000))
    assert [it.type for it in plan.events] == [EventType.RECORD_REFUSED]


def test_gold_teaches_how_a_person_errs_and_nothing_about_how_common_an_answer_is():
    before = learned(Snapshot(), [Learned("span/A", {SET: 0.5, NOT: 0.5}, {"ann-1": SET})])
    after = calibrated(before, "ann-1", [("span/A", SET, NOT), ("choice/tone", "sad", "glad")])
    assert after.version == before.version + 1
    assert after.truths == before.truths
    assert after.people["ann-1"]["span/A"] == {(SET, SET): 0.5, (NOT, SET): 0.5, (SET, NOT): 1.0}
    assert after.everyone["choice/tone"] == {("sad", "glad"): 1.0}


def test_a_verdict_weighs_people_by_what_gold_has_shown_of_them():
    """Two who are often wrong on gold outvote one who never is, by majority; not when it is known."""
    by_majority, weighed = Office(bar=None), Office(bar=None, rules=WEIGHED)
    for office in (by_majority, weighed):
        for _ in range(6):
            office.score("good", 10, 0)
            office.score("bad-1", 4, 6)
            office.score("bad-2", 4, 6)
    labels = [label("good", span(0, 4, "A")), label("bad-1"), label("bad-2")]
    outcomes = {}
    for name, office in (("majority", by_majority), ("weighed", weighed)):
        batch = Batch([message(it, at) for at, it in enumerate(labels)], [], {}, 1_000)
        (verdict,) = read(office.decide.process(batch), "verdicts.demo", Verdict)
        outcomes[name] = len(verdict.spans)
    assert outcomes == {"majority": 0, "weighed": 1}


def test_by_majority_no_error_rates_are_kept_and_a_silence_is_learned_where_they_are():
    by_majority, weighed = Office(), Office(rules=WEIGHED)
    task = [label(person, span(0, 4, "B")) for person in ("x", "y", "z")]
    weighed.kept(weighed.decide.process(Batch([message(it, at) for at, it in enumerate(task)], [], {}, 1)))
    for office in (by_majority, weighed):
        office.score("ann-1", 1, 1)
    assert not [it for it in by_majority.log if it.key.startswith(b"reviewer/")]
    (kept,) = [CODEC.decode(it.value, Reviewer) for it in weighed.log if it.key == b"reviewer/ann-1"]
    counts = {(it.question, it.truth, it.answer): it.count for it in kept.counts}
    assert counts == {("span/A", SET, SET): 1.0, ("span/A", SET, NOT): 1.0, ("span/B", NOT, NOT): 1.0}


def paused_after(share: float, seed: int, bar: float = 0.8, most: int = 2_000, akin: float = 10.0) -> int | None:
    """After how many answers, five a record, a person who is right by `share` on average is paused; None: never.

    Records differ in how hard they are: the share is drawn for each, from a beta distribution (`akin` = 10: a
    correlation of 0.09 between the answers to one).
    """
    drawn, known = random.Random(seed), unknown("p")
    for number in range(most // 5):
        here = drawn.betavariate(share * akin, (1 - share) * akin)
        known = answered(known, [ScoredQuestion("", "y", "y" if drawn.random() < here else "n") for _ in range(5)])
        if is_below(known, bar):
            return (number + 1) * 5
    return None


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(0.90, 0.0, 0.0), (0.85, 0.0, 0.03), (0.80, 0.0, 0.35), (0.70, 0.9, 1.0), (0.60, 1.0, 1.0), (0.50, 1.0, 1.0)],
)
def test_how_often_a_bar_of_eighty_percent_pauses_within_2000_answers(share, low, high):
    """Both error rates, as `streams/decide/README.md` states them."""
    times = sum(paused_after(share, seed) is not None for seed in range(200)) / 200
    assert low <= times <= high
