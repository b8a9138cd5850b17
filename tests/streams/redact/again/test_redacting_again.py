"""What redact makes of copies: another revision of the same record, by no older policy than was ordered."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from schemas.audit import EventType, RawOutcome
from schemas.errors import LogUnavailable, Reason
from schemas.records import Quarantined, RawReference, Task
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan
from streams.redact.again.copies import copy_of
from streams.redact.processor import MUCH
from streams.redact.quarantine import MAX_KEPT_BYTES
from tests.streams.redact.test_limits import CODEC, NOW, RAW, Desk
from topology.policies import load_policy

AGAIN = TopicPartition("again.demo", 1)
POLICY = load_policy("text")
PAYLOAD = json.dumps({"text": "please help canary7x"}).encode()


class Stage(Desk):
    def process(self, *messages: Message) -> Plan:
        positions = {RAW: 0, AGAIN: 0}
        return self._processor.process(Batch(messages, (), positions, NOW))

    @property
    def held(self) -> frozenset[str]:
        return self._processor.held


def as_read(copy: Outgoing, offset: int = 0) -> Message:
    return Message(copy.topic, AGAIN.partition, offset, copy.key, copy.value, dict(copy.headers))


def copied(message: Message, revision: int = 2, least: int = 1) -> Message:
    return as_read(copy_of(message, "demo", revision, least))


def covered(plan: Plan) -> list[tuple[RawReference, RawOutcome, str]]:
    return [
        (RawReference(it.batch.topic, it.batch.partition, one.offset, one.revision), one.outcome, one.reason)
        for it in plan.events
        if it.batch
        for one in it.batch.outcomes
    ]


def tasks(plan: Plan) -> list[Task]:
    return [CODEC.decode(out.value, Task) for out in plan.outputs if out.topic == "tasks.demo"]


def test_a_copy_becomes_another_task_of_the_same_record() -> None:
    desk = Stage(POLICY)
    message = desk.message(PAYLOAD, offset=7)
    (first,) = tasks(desk.process(replace(message, offset=0)))
    plan = desk.process(copied(message))
    (task,) = tasks(plan)
    assert covered(plan) == [(RawReference("raw.demo", 0, 7, 2), RawOutcome.TASK, "")]
    assert task.revision == 2
    assert task.task_id != first.task_id
    assert (first.supersedes, len(task.supersedes)) == ("", 32)


def test_both_revisions_in_one_batch_are_covered_each_by_its_own_event() -> None:
    desk = Stage(POLICY)
    message = desk.message(PAYLOAD)
    plan = desk.process(message, copied(message), copied(message, 3))
    assert [raw.revision for raw, _, _ in covered(plan)] == [1, 2, 3]
    first, second, third = sorted(tasks(plan), key=lambda task: task.revision)
    assert (second.supersedes, third.supersedes) == (first.task_id, second.task_id)
    assert len([one for one in plan.events if one.type is EventType.BATCH_REDACTED]) == 3
    assert len({task.task_id for task in tasks(plan)}) == 3


def test_copies_claim_no_offset_beside_their_own() -> None:
    desk = Stage(POLICY)
    plan = desk.process(*(copied(desk.message(PAYLOAD, offset=offset)) for offset in (3, 900_000)))
    (event,) = [one for one in plan.events if one.batch]
    assert (event.batch.first, event.batch.next, len(event.batch.outcomes)) == (3, 900_001, 2)


def test_what_can_not_be_opened_is_quarantined_as_that_revision() -> None:
    desk = Stage(POLICY)
    message = desk.message(PAYLOAD, offset=7)
    plan = desk.process(copied(replace(message, value=message.value[:-1] + b"?")))
    assert [(raw.revision, reason) for raw, _, reason in covered(plan)] == [(2, Reason.UNDECRYPTABLE)]
    (entry,) = [CODEC.decode(out.value, Quarantined) for out in plan.outputs if out.topic == "quarantine.demo"]
    assert entry.raw == RawReference("raw.demo", 0, 7, 2)


@pytest.mark.parametrize("name", ["veil-origin-partition", "veil-origin-offset", "veil-revision"])
def test_a_copy_without_its_origin_is_refused_and_the_others_go_on(name: str) -> None:
    desk = Stage(POLICY)
    good = copied(desk.message(PAYLOAD, offset=3))
    headers = {key: value for key, value in good.headers.items() if key != name}
    plan = desk.process(replace(good, offset=5, headers=headers), good)
    (refused,) = [one for one in plan.events if one.type is EventType.RECORD_REFUSED]
    assert (refused.resource, refused.reason) == ("message/again.demo/1/5", Reason.MISSING_HEADER)
    assert [raw.offset for raw, _, _ in covered(plan)] == [3]


def test_copies_wait_for_the_policy_they_were_ordered_for_and_raw_records_do_not() -> None:
    desk = Stage(POLICY)
    message = desk.message(PAYLOAD)
    assert desk.held == frozenset()
    with pytest.raises(LogUnavailable, match="wait for a policy"):
        desk.process(copied(message, least=POLICY.version + 1))
    assert desk.held == {"again.demo"}
    assert len(tasks(desk.process(message))) == 1
    assert desk.held == {"again.demo"}, "until such a policy is in force"


def test_copies_wait_while_raw_records_do() -> None:
    desk = Stage(POLICY)
    desk.process(*(replace(desk.message(PAYLOAD), offset=offset) for offset in range(MUCH)))
    assert desk.held == {"again.demo"}
    desk.process()
    assert desk.held == frozenset()
    assert Stage(None).held == {"raw.demo", "again.demo", "comments.demo"}


def over(plan: Plan) -> list[str]:
    """The ids of tasks that a tombstone ends."""
    return [out.key.decode() for out in plan.outputs if out.topic == "tasks.demo" and out.value is None]


def test_what_fits_no_topic_is_copied_as_its_place_and_too_large_again() -> None:
    desk = Stage(POLICY)
    large = desk.message(PAYLOAD, offset=7)
    large = replace(large, value=b"x" * (MAX_KEPT_BYTES + 1), headers=dict(large.headers) | {"a": b"b"})
    copy = copy_of(large, "demo", 2, 1)
    assert (copy.key, copy.value) == (large.key, None)
    assert "a" not in dict(copy.headers)
    first, good = replace(large, offset=0), copied(desk.message(PAYLOAD, offset=8))
    plan = desk.process(first, as_read(copy), good)
    assert sorted((raw.revision, raw.offset, outcome, reason) for raw, outcome, reason in covered(plan)) == [
        (1, 0, RawOutcome.QUARANTINED, Reason.TOO_LARGE),
        (2, 7, RawOutcome.QUARANTINED, Reason.TOO_LARGE),
        (2, 8, RawOutcome.TASK, ""),
    ]


def test_a_foreign_key_of_what_fits_no_topic_stays_on_raw() -> None:
    copy = copy_of(Message("raw.demo", 0, 7, b"jane.doe@example.org", b"x" * (MAX_KEPT_BYTES + 1)), "demo", 2, 1)
    assert copy.key == b"raw.demo/0/7"


@pytest.mark.parametrize(
    ("payload", "became"), [(b"{}", RawOutcome.DROPPED), (b"no json", RawOutcome.QUARANTINED)]
)
def test_a_record_that_is_no_task_any_more_ends_the_task_it_was(payload: bytes, became: RawOutcome) -> None:
    desk = Stage(POLICY)
    (first,) = tasks(desk.process(desk.message(PAYLOAD)))
    plan = desk.process(copied(desk.message(payload)), copied(desk.message(PAYLOAD, offset=1)))
    assert [outcome for _, outcome, _ in covered(plan)] == [became, RawOutcome.TASK]
    assert over(plan) == [first.task_id]


def test_a_first_revision_that_is_no_task_ends_none() -> None:
    desk = Stage(POLICY)
    message = desk.message(PAYLOAD)
    assert over(desk.process(replace(message, value=message.value[:-1] + b"?"))) == []


def test_a_header_of_the_original_never_stands_for_its_origin() -> None:
    """A producer may write any header: what replay says of the origin is what counts."""
    message = replace(Stage(POLICY).message(PAYLOAD, offset=7), headers={"veil-revision": b"9", "x": b"y"})
    copy = copied(message)
    assert dict(copy.headers)["veil-revision"] == b"2"
    assert dict(copy.headers)["x"] == b"y"
