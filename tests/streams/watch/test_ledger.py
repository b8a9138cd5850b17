from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import BatchCoverage, EventType, OffsetOutcome, RawOutcome
from schemas.durations import counted, waited
from schemas.metrics import Cell
from streams.audit.quality import quality
from streams.watch.ledger import Ledger
from streams.watch.said import ten_thousandths
from streams.watch.tally import Span
from streams.watch.windows import Arrival, Timed
from tests.streams.watch.month import MONDAY, POLICY, Writing, redacted

REDACT, LABEL, JOIN = Writing("redact.demo"), Writing("label.demo"), Writing("join.demo")


def count(ledger: Ledger, *events):
    return ledger.count([Timed(it.time, Arrival(0, at, it.time, it)) for at, it in enumerate(events)])


def labeled(task: str, time: int, **said):
    return LABEL.event(EventType.LABEL_SUBMITTED, f"label/{task}-1", time, parents=(f"task/{task}",), details=said)


def test_how_a_batch_ended_is_counted_under_its_policy():
    outcomes = (
        OffsetOutcome(0, RawOutcome.TASK, "t"),
        OffsetOutcome(1, RawOutcome.QUARANTINED, reason="verification_failed"),
        OffsetOutcome(2, RawOutcome.QUARANTINED, reason="bad_json"),
        OffsetOutcome(3, RawOutcome.DROPPED, reason="nothing_left"),
        OffsetOutcome(4, RawOutcome.EMPTY),
    )
    batch = BatchCoverage("raw.demo", 0, 0, 5, outcomes)
    tallies = count(Ledger(), replace(redacted(REDACT, ["t"], 0, MONDAY), batch=batch))
    assert tallies[POLICY].cells == {
        Cell.TASKS: 1,
        Cell.VIOLATIONS: 1,
        Cell.QUARANTINED: 1,
        Cell.DROPPED: 1,
        Cell.FIELDS_REDACTED: 1,
        Cell.FIELDS_UNTOUCHED: 1,
        Cell.CHARACTERS_REDACTED: 31,
        Cell.CHARACTERS_UNTOUCHED: 169,
    }


def test_how_long_something_took_is_what_the_stage_says_that_ended_it():
    ledger = Ledger()
    first, second = labeled("t", MONDAY + 5_000, **waited(5_000)), labeled("t", MONDAY + 9_000)
    joined = JOIN.event(EventType.LABEL_JOINED, "raw/raw.demo/0/0/1", MONDAY + 9_800, details=waited(800))
    tally = count(ledger, redacted(REDACT, ["t"], 0, MONDAY), first, second, joined)[POLICY]
    assert tally.spent[Span.TASK_TO_LABEL] == counted([5_000])
    assert tally.spent[Span.LABEL_TO_JOINED] == counted([800])
    assert (tally.cells[Cell.LABELS], tally.cells[Cell.JOINED]) == (2, 1)


def test_a_task_that_waits_takes_no_memory():
    ledger, empty = Ledger(), Ledger()
    count(empty, redacted(REDACT, ["t"], 0, MONDAY))
    count(ledger, redacted(REDACT, [f"t{number}" for number in range(100)], 0, MONDAY))
    assert ledger == empty


def test_what_belongs_to_no_policy_is_the_projects():
    event = LABEL.event(EventType.ACCESS_DENIED, "project/demo", 1, bundle="", details={"suppressed": "4"})
    assert count(Ledger(), event)[""].cells == {Cell.DENIALS: 5}


def test_what_another_role_says_counts_nothing():
    forged = Writing("label.demo").event(EventType.GOLD_SCORED, "raw/r/0/0/1", 1, details={"values": "9"})
    ledger = Ledger()
    assert count(ledger, forged) == {}
    assert ledger.bounds() == {}


@pytest.mark.parametrize(("process", "held"), [("label.demo", "false"), ("label.demo", ""), ("join.demo", "true")])
def test_a_withdrawal_that_took_no_task_from_label_counts_nothing(process, held):
    event = Writing(process).event(EventType.TASK_WITHDRAWN, "task/t", 1, bundle="", details={"held": held})
    assert count(Ledger(), event) == {}


SCORED, FROZEN, LIFTED = "scored", "frozen", "lifted"
PEOPLE = ("ada", "olga")


@given(
    st.lists(
        st.tuples(st.sampled_from([SCORED, SCORED, FROZEN, LIFTED, LIFTED]), st.integers(1, 30)), max_size=30
    ),
)
def test_the_leak_bound_is_the_one_that_the_audit_shows(steps):
    """As `streams.audit.quality` has it; a freeze comes once, and is over before the next."""
    keeper, people = Writing("keeper.demo"), {who: Writing(f"person.{who}") for who in PEOPLE}
    events, frozen, signed = [], 0, set()
    for time, (step, size) in enumerate(steps, 1):
        if step == SCORED:
            said = {"policy": POLICY, "values": str(size), "leaked": str(size // 7)}
            events.append(JOIN.event(EventType.GOLD_SCORED, "raw/r/0/0/1", time, details=said))
        elif step == FROZEN and not frozen:
            frozen, said = time, {"hash": POLICY, "version": str(time)}
            events.append(keeper.event(EventType.FREEZE_ORDERED, "control/freeze", time, details=said))
        elif step == LIFTED and frozen:
            said, who = {"of": "keeper.demo", "version": str(frozen)}, PEOPLE[size % 2]
            lift = people[who].event(EventType.LIFT_ORDERED, "control/lift", time, person=who, details=said)
            events.append(lift)
            signed.add(who)
            if len(signed) == len(PEOPLE):
                frozen, signed = 0, set()
    ledger = Ledger()
    count(ledger, *events)
    shown = quality(events).counts.get(POLICY)
    wanted = shown.bound if shown and shown.values else None
    assert ledger.bounds().get(POLICY) == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(
    ("text", "value"), [("0.8125", 8125), ("-0.25", -2500), ("1", 10_000), ("", None), ("nan", None), (".", None)]
)
def test_agreement_is_read_with_care(text, value):
    event = LABEL.event(EventType.VERDICT_REACHED, "verdict/t", 1, details={"agreement": text})
    assert ten_thousandths(event, "agreement") == value
