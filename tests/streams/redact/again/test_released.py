"""What redact makes of copies from quarantine: nothing without two people's order, and no more than it allows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from schemas.audit import EventType, RawOutcome
from schemas.errors import LogUnavailable, Reason
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import Quarantined, RawReference
from schemas.reredaction import Origin, origin_headers
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan
from streams.redact.again.copies import copy_of, released_copy
from streams.redact.again.released import FORGOTTEN_MS, PATIENCE_MS
from streams.redact.quarantine import MAX_KEPT_BYTES
from tests.streams.redact.again.test_redacting_again import AGAIN, as_read, covered, over, tasks
from tests.streams.redact.test_limits import CODEC, NOW, RAW, Desk
from topology.policies import Policy, parse_policy
from topology.policies.canonical import with_hash

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
""",
    "p",
)
RECORD = {"text": "please help canary7x", "zip": "94110", "born": "1984-03-12", "job": "nurse"}
PAYLOAD = json.dumps(RECORD).encode()
"""One of few nurses of that age and place: it tells of somebody, so it waits."""
SPITE = QuarantineRelease(0, 7, 1, RISKY.version, ReleaseReason.ACCEPTED_RISK)


class Stage(Desk):
    """Redact with the orders in its book."""

    def __init__(self, policy: Policy, *orders: QuarantineRelease) -> None:
        self.orders = list(orders)
        self.erased: frozenset[bytes] = frozenset()
        super().__init__(
            policy,
            released=lambda target: [it for it in self.orders if it.target == target],
            erased=lambda: self.erased,
        )

    def process(self, *messages: Message, now: int = NOW) -> Plan:
        return self._processor.process(Batch(messages, (), {RAW: 0, AGAIN: 0}, now))

    @property
    def held(self) -> frozenset[str]:
        return self._processor.held

    def quarantined(self, message: Message) -> Message:
        """As it lies in quarantine."""
        entries = [out for out in self.process(message).outputs if out.topic == "quarantine.demo"]
        (entry,) = entries
        return Message(entry.topic, 0, 5, entry.key, entry.value)


def waiting_record(desk: Stage) -> Message:
    """A copy of what the policy holds back, with its order or without."""
    return as_read(released_copy(desk.quarantined(desk.message(PAYLOAD, offset=7)), "demo", SPITE))


def refused(plan: Plan) -> list[str]:
    return [one.reason for one in plan.events if one.type is EventType.RECORD_REFUSED]


def test_what_two_people_have_released_over_the_threshold_becomes_a_task():
    desk = Stage(RISKY, SPITE)
    plan = desk.process(waiting_record(desk))
    assert covered(plan) == [(RawReference("raw.demo", 0, 7, 2), RawOutcome.TASK, "")]
    (task,) = tasks(plan)
    assert (task.revision, task.policy) == (2, RISKY.hash)


def test_the_order_is_for_its_record_alone():
    desk = Stage(RISKY, SPITE)
    other = desk.quarantined(desk.message(PAYLOAD, offset=8))
    of_another = replace(SPITE, offset=8, reason=ReleaseReason.MENDED)
    desk.orders.append(of_another)
    raw, mended = desk.message(PAYLOAD, offset=7), as_read(released_copy(other, "demo", of_another))
    plan = desk.process(replace(raw, offset=9), as_read(copy_of(raw, "demo", 2, 1)), mended)
    of_all = [one for _, *one in covered(plan) if one[1] or one[0] is not RawOutcome.EMPTY]
    assert of_all == [[RawOutcome.QUARANTINED, Reason.RISK_TOO_HIGH]] * 3


def test_a_release_that_sets_nothing_aside_meets_the_threshold_again():
    desk = Stage(RISKY, replace(SPITE, reason=ReleaseReason.NEWER_POLICY))
    plan = desk.process(waiting_record(desk))
    assert covered(plan) == [(RawReference("raw.demo", 0, 7, 2), RawOutcome.QUARANTINED, Reason.RISK_TOO_HIGH)]


def test_a_threshold_is_set_aside_under_the_policy_that_people_knew_alone():
    desk = Stage(with_hash(replace(RISKY, version=4)), SPITE)
    plan = desk.process(waiting_record(desk))
    assert [reason for _, _, reason in covered(plan)] == [Reason.RISK_TOO_HIGH]


def test_a_leak_that_verification_finds_is_never_released_as_it_is(monkeypatch):
    desk = Stage(RISKY, SPITE)
    copy = waiting_record(desk)
    monkeypatch.setattr("streams.redact.redactor.holds", lambda *_: False)
    plan = desk.process(copy)
    assert [reason for _, _, reason in covered(plan)] == [Reason.VERIFICATION_FAILED]


def test_a_copy_without_an_order_waits_for_control_and_is_then_refused():
    desk = Stage(RISKY)
    copy = waiting_record(desk)
    with pytest.raises(LogUnavailable, match="waits for its order"):
        desk.process(copy)
    assert desk.held == {"again.demo"}
    good = desk.message(b"{}", offset=9)
    assert desk.process(good, now=NOW + 1).events, "raw records go on"
    assert desk.held == {"again.demo"}
    desk.process(now=NOW + PATIENCE_MS)
    assert desk.held == frozenset()
    plan = desk.process(copy, now=NOW + PATIENCE_MS)
    assert (refused(plan), covered(plan), tasks(plan), over(plan)) == ([Reason.UNSIGNED], [], [], [])


def test_many_copies_without_an_order_wait_once_and_together():
    desk = Stage(RISKY)
    one = waiting_record(desk)
    other = desk.quarantined(desk.message(PAYLOAD, offset=8))
    copies = (one, replace(as_read(released_copy(other, "demo", replace(SPITE, offset=8))), offset=1))
    with pytest.raises(LogUnavailable):
        desk.process(*copies)
    assert refused(desk.process(*copies, now=NOW + PATIENCE_MS)) == [Reason.UNSIGNED] * 2


def test_a_copy_that_comes_long_after_a_forged_one_waits_for_its_order_as_any_other():
    desk = Stage(RISKY)
    copy = waiting_record(desk)
    with pytest.raises(LogUnavailable):
        desk.process(copy)
    assert refused(desk.process(copy, now=NOW + PATIENCE_MS)) == [Reason.UNSIGNED]
    with pytest.raises(LogUnavailable):
        desk.process(copy, now=NOW + FORGOTTEN_MS)


def test_a_copy_whose_order_was_on_its_way_is_taken_when_it_is_there():
    desk = Stage(RISKY)
    copy = waiting_record(desk)
    with pytest.raises(LogUnavailable):
        desk.process(copy)
    desk.orders.append(SPITE)
    assert desk.held == frozenset()
    assert len(tasks(desk.process(copy, now=NOW + 1))) == 1


@pytest.mark.parametrize(
    "origin",
    [
        Origin(0, 8, 2, 1, released=True),
        Origin(1, 7, 2, 1, released=True),
        Origin(0, 7, 3, 1, released=True),
    ],
)
def test_a_copy_that_says_to_be_another_record_is_refused(origin):
    """Its headers name a record that is released; its entry is of one that is not."""
    target = QuarantineRelease(
        origin.partition, origin.offset, origin.revision - 1, 3, ReleaseReason.ACCEPTED_RISK
    )
    desk = Stage(RISKY, target)
    forged = replace(waiting_record(desk), headers=dict(origin_headers(origin)))
    assert refused(desk.process(forged)) == [Reason.BAD_REQUEST]


def test_an_entry_put_under_another_place_does_not_open():
    """Headers and entry agree, and the order is for that place: what is inside was sealed for another."""
    desk = Stage(RISKY, SPITE)
    foreign = desk.quarantined(desk.message(PAYLOAD, offset=8))
    entry = replace(CODEC.decode(foreign.value, Quarantined), raw=RawReference("raw.demo", 0, 7, 1))
    plan = desk.process(as_read(released_copy(replace(foreign, value=CODEC.encode(entry)), "demo", SPITE)))
    assert covered(plan) == [(RawReference("raw.demo", 0, 7, 2), RawOutcome.QUARANTINED, Reason.UNDECRYPTABLE)]


def test_a_header_alone_makes_no_copy_of_a_raw_record_a_released_one():
    desk = Stage(RISKY, SPITE)
    copy = as_read(copy_of(desk.message(PAYLOAD, offset=7), "demo", 2, 1))
    forged = replace(copy, headers={**copy.headers, "veil-origin": b"quarantine"})
    assert refused(desk.process(forged)) == [Reason.UNDECODABLE]


def test_what_left_only_its_place_in_quarantine_goes_back_as_too_large():
    order = replace(SPITE, reason=ReleaseReason.MENDED)
    desk = Stage(RISKY, order)
    large = replace(desk.message(PAYLOAD, offset=7), value=b"x" * (MAX_KEPT_BYTES + 1))
    plan = desk.process(as_read(released_copy(desk.quarantined(large), "demo", order)))
    assert [reason for _, _, reason in covered(plan)] == [Reason.TOO_LARGE]


def test_a_record_that_was_at_fault_is_tried_again_and_may_be_released_again():
    order = replace(SPITE, reason=ReleaseReason.MENDED)
    desk = Stage(RISKY, order)
    bad = desk.quarantined(desk.message(b"no json", offset=7))
    plan = desk.process(as_read(released_copy(bad, "demo", order)))
    assert covered(plan) == [(RawReference("raw.demo", 0, 7, 2), RawOutcome.QUARANTINED, Reason.BAD_JSON)]
    (entry,) = [out for out in plan.outputs if out.topic == "quarantine.demo"]
    again = replace(order, revision=2)
    desk.orders.append(again)
    third = desk.process(as_read(released_copy(Message(entry.topic, 0, 6, entry.key, entry.value), "demo", again)))
    assert covered(third) == [(RawReference("raw.demo", 0, 7, 3), RawOutcome.QUARANTINED, Reason.BAD_JSON)]
