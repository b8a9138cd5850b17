"""Who is erased stays erased, whatever brings a record of theirs to redact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import RawOutcome
from schemas.errors import Reason
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import SlotEpoch
from streams.engine.messages import Message
from streams.engine.processor import Plan, Slot
from streams.redact.again.copies import copy_of, released_copy
from tests.streams.redact.again.test_redacting_again import as_read, covered
from tests.streams.redact.again.test_released import Stage
from tests.streams.redact.test_limits import CODEC, outcomes
from topology.policies import Policy, load_policy, parse_policy
from vault.raw import Media

POLICY = replace(load_policy("text"), subject=("who", "people[]"))
RISKY = parse_policy(
    """
name: p
version: 3
owner: someone
review_by: 2030-01-01
fields:
  text: detect
  zip: {category: ZIP_CODE, action: generalize, to: zip3}
  born: {category: DATE_TIME, action: generalize, to: year}
  job: {category: TITLE, action: pass}
risk: {quarantine_above: 0.5}
subject: [who]
""",
    "p",
)
ANN, BEN = "ann@canary7x.example", "ben"
DROPPED = [(RawOutcome.DROPPED, Reason.ERASED)]


class Erasing(Stage):
    """A desk that is told who is erased."""

    def __init__(self, policy: Policy = POLICY, *orders: QuarantineRelease) -> None:
        super().__init__(policy, *orders)

    def erase(self, *people: str) -> Plan:
        self.erased |= {self.subject.digest(one.encode()) for one in people}
        return self._processor.control(["erase/demo/…"])

    def of(self, **record: object) -> Message:
        return self.message(json.dumps({"text": "hello", **record}).encode())


def epochs(plan: Plan) -> Iterator[SlotEpoch]:
    return (CODEC.decode(it.value, SlotEpoch) for it in plan.outputs if (it.key or b"").startswith(b"epoch/"))


@pytest.mark.parametrize("record", [{"who": ANN}, {"people": [BEN, ANN]}, {"who": BEN, "people": [ANN]}])
def test_a_record_that_names_an_erased_person_is_a_drop_and_leaves_nothing(record):
    desk = Erasing()
    assert outcomes(desk.process(desk.of(**record))) == [(RawOutcome.TASK, "")]
    desk.erase(ANN)
    plan = desk.process(desk.of(**record))
    assert outcomes(plan) == DROPPED
    assert (plan.outputs, plan.documents) == ([], [])
    assert "canary7x" not in str(plan.events)


def test_others_and_other_spellings_and_other_fields_are_not_touched():
    desk = Erasing()
    desk.erase(ANN)
    for record in ({"who": BEN}, {"who": ANN.upper()}, {"text": ANN}, {}):
        assert outcomes(desk.process(desk.of(**record))) == [(RawOutcome.TASK, "")]


def test_what_would_be_quarantined_is_dropped_too():
    desk = Erasing(RISKY)
    risky = {"who": ANN, "zip": "94110", "born": "1984-03-12", "job": "nurse"}
    assert outcomes(desk.process(desk.of(**risky))) == [(RawOutcome.QUARANTINED, Reason.RISK_TOO_HIGH)]
    desk.erase(ANN)
    assert outcomes(desk.process(desk.of(**risky))) == DROPPED


def test_redacted_again_or_released_from_quarantine_it_is_a_drop_and_its_earlier_task_is_over():
    mended = QuarantineRelease(0, 7, 1, RISKY.version, ReleaseReason.ACCEPTED_RISK)
    desk = Erasing(RISKY, mended)
    risky = json.dumps({"text": "x", "who": ANN, "zip": "94110", "born": "1984-03-12", "job": "nurse"}).encode()
    released = as_read(released_copy(desk.quarantined(desk.message(risky, offset=7)), "demo", mended))
    again = as_read(copy_of(desk.of(who=ANN), "demo", 2, 1))
    desk.erase(ANN)
    plan = desk.process(released, again)
    assert {tuple(one) for _, *one in covered(plan) if one[0] is not RawOutcome.EMPTY} == set(DROPPED)
    assert {it.topic for it in plan.outputs} == {"tasks.demo"}
    assert [it.value for it in plan.outputs] == [None, None]


def test_a_record_that_cannot_be_taken_apart_goes_to_quarantine_as_ever():
    desk = Erasing()
    desk.erase(ANN)
    assert outcomes(desk.process(desk.message(b"{", Media.JSON))) == [(RawOutcome.QUARANTINED, Reason.BAD_JSON)]


def test_taking_an_erasure_up_is_said_once_with_how_far_the_slot_has_numbered():
    desk = Erasing()
    desk.process(desk.of(who=BEN))
    (said,) = epochs(desk.erase(ANN))
    assert said == SlotEpoch("redact.demo.0", 1, 1, 1)
    assert list(epochs(desk.erase())) == []
    (again,) = epochs(desk.erase(BEN))
    assert again.erasures == 2
    (begun,) = epochs(desk._processor.restore(Slot("redact.demo.0", 2, "redact.demo", "demo"), []))
    assert begun == SlotEpoch("redact.demo.0", 2, 2, 0)


PEOPLE = st.sampled_from([ANN, BEN, "c", "ünï", ""])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(PEOPLE, max_size=3), min_size=1, max_size=5), st.sets(PEOPLE))
def test_exactly_the_records_that_name_an_erased_person_are_dropped(records, erased):
    desk = Erasing()
    desk.erase(*erased)
    messages = [replace(desk.of(people=people), offset=offset) for offset, people in enumerate(records)]
    found = outcomes(desk.process(*messages))
    assert found == [DROPPED[0] if erased & {*people} else (RawOutcome.TASK, "") for people in records]
