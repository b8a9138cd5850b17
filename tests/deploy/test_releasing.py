"""Releasing from quarantine on the real parts: what one person comes to, and how the record comes back once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.lineages import lineage
from deploy.persons import load_declared, sign
from deploy.releasing import Entry, quarantine, release
from schemas.audit import EventType
from schemas.errors import ConfigError, Reason
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import RawReference, Task
from streams.audit.reredactions import carried
from tests.support.declaring import declared
from tests.support.pipeline import Pipeline, on_shared_stack
from tests.support.waiting import wait_for
from topology.policies import Policy, parse_policy

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [zoe], approvers: [zack, zita], operators: [zeno, zora, zita], annotators: [zina]}}
"""
POLICY = """
name: careful
version: {version}
owner: someone
review_by: 2030-01-01
fields:
  text: detect
  zip: {{category: ZIP_CODE, action: generalize, to: zip3}}
  born: {{category: DATE_TIME, action: generalize, to: year}}
  job: {{category: TITLE, action: pass}}
risk: {{quarantine_above: {limit}}}
labels:
  choices: {{tone: [good, bad]}}
"""
RISKY = {"text": "please send it", "zip": "94110", "born": "1984-03-12", "job": "nurse"}
HARMLESS = {"text": "please send it"}
ACCEPTED, NEWER, MENDED = ReleaseReason.ACCEPTED_RISK, ReleaseReason.NEWER_POLICY, ReleaseReason.MENDED
APPROVER = "an approver (zack or zita)"


def policy(version: int = 1, limit: float = 0.5) -> Policy:
    return parse_policy(POLICY.format(version=version, limit=limit), "test")


class Held:
    """A project whose policy holds back what tells too much of somebody."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.root, self.name = pipeline.root, pipeline.project

    def publish(self, record: dict[str, object] | None = None) -> RawReference:
        (raw,) = self.pipeline.publish(record or RISKY)
        return raw

    def entry(self, raw: RawReference, revision: int = 1) -> Entry:
        """The record once it is in quarantine, as this revision."""

        def found() -> Entry | None:
            here = [one for one in quarantine(self.root, self.name) if same_place(one.record.raw, raw)]
            return next((one for one in here if one.record.raw.revision == revision), None)

        return wait_for(found, f"{reference(raw)} is in quarantine as revision {revision}")

    def held(self, raw: RawReference) -> bool:
        return any(same_place(one.record.raw, raw) for one in quarantine(self.root, self.name))

    def release(self, raw: RawReference, *persons: str, reason: ReleaseReason = ACCEPTED) -> Entry:
        found = [release(self.root, self.name, person, reference(raw), reason) for person in persons]
        return found[-1]

    def task(self, raw: RawReference, revision: int) -> Task:
        """What became of it."""
        ids = {
            one.task_id
            for event in self.pipeline.events(EventType.BATCH_REDACTED)
            for one in event.batch.outcomes
            if (event.batch.partition, one.offset, one.revision) == (raw.partition, raw.offset, revision)
        }
        (task,) = [one for one in self.pipeline.records("tasks") if one.task_id in ids]
        return task


def reference(raw: RawReference) -> str:
    return f"{raw.topic}/{raw.partition}/{raw.offset}"


def same_place(one: RawReference, other: RawReference) -> bool:
    return (one.partition, one.offset) == (other.partition, other.offset)


@pytest.fixture(scope="module")
def held(stack) -> Iterator[Held]:
    with declared(stack, "held", PROJECT) as name:
        sign(stack.root, name, policy(), ["zoe", "zack"])
        pipeline = on_shared_stack(stack.root, load_declared(stack.root), name)
        pipeline.start("replay", "redact", "label")
        yield Held(pipeline)
        pipeline.close()


def test_a_record_over_the_threshold_comes_back_once_when_two_people_have_signed(held):
    raw = held.publish()
    before = held.entry(raw)
    assert (before.state, before.record.reason, before.policy) == ("held", Reason.RISK_TOO_HIGH, 1)
    assert before.until - before.record.since == 604_800_000
    assert "accepted_risk" in before.may_be_released
    one = held.release(raw, "zeno")
    assert (one.state, one.signed_by, one.missing) == ("unsigned", ("zeno",), (APPROVER,))
    assert held.entry(raw).missing == (APPROVER,)
    two = held.release(raw, "zack")
    assert (two.state, two.signed_by, two.missing) == ("ordered", ("zack", "zeno"), ())
    wait_for(lambda: not held.held(raw), "the record has left quarantine")
    task = held.task(raw, 2)
    assert task.policy == policy().hash
    result = held.pipeline.reconciled()
    assert result.released >= 1
    with pytest.raises(ConfigError, match="is not in quarantine"):
        held.release(raw, "zora")
    events = [
        (event.type, event.person, event.reason)
        for event in held.pipeline.audit()
        if event.resource == f"raw/{raw.topic}/{raw.partition}/{raw.offset}/1"
    ]
    assert sorted(events) == [
        (EventType.RELEASE_COPIED, "", ""),
        (EventType.RELEASE_ORDERED, "zack", "accepted_risk"),
        (EventType.RELEASE_ORDERED, "zeno", "accepted_risk"),
    ]
    told = lineage(held.root, held.name, reference(raw), 50).answer
    assert told is not None
    assert f"task/{task.task_id}" in {node.id for node in told.nodes}


def test_the_same_person_two_of_one_role_and_who_may_not_are_refused(held):
    raw = held.publish()
    held.entry(raw)
    held.release(raw, "zeno")
    with pytest.raises(ConfigError, match="zeno has signed this"):
        held.release(raw, "zeno")
    with pytest.raises(ConfigError, match="zora's signature adds nothing; missing: an approver"):
        held.release(raw, "zora")
    for person in ("zoe", "zina"):
        with pytest.raises(ConfigError, match=f"{person} may not release records from quarantine"):
            held.release(raw, person)
    assert held.entry(raw).state == "unsigned"


def test_who_holds_both_roles_is_still_one_person(held):
    raw = held.publish()
    held.entry(raw)
    assert held.release(raw, "zita").missing
    with pytest.raises(ConfigError, match="zita has signed this"):
        held.release(raw, "zita")
    assert held.entry(raw).state == "unsigned"


def test_what_a_release_can_not_change_is_not_ordered(held):
    raw = held.publish()
    held.entry(raw)
    with pytest.raises(ConfigError, match="version 1 in force is what quarantined it"):
        held.release(raw, "zeno", reason=NEWER)
    with pytest.raises(ConfigError, match="what is in quarantine is revision 1"):
        release(held.root, held.name, "zeno", f"{reference(raw)}/2", ACCEPTED)
    with pytest.raises(ConfigError, match="a record is named"):
        release(held.root, held.name, "zeno", "raw.other/0/1", ACCEPTED)
    harmless = held.publish(HARMLESS)
    held.pipeline.wait_event("that it is redacted", lambda event: covers(event, harmless))
    with pytest.raises(ConfigError, match="is not in quarantine"):
        held.release(harmless, "zeno")


def test_a_record_that_fails_again_is_held_again_and_may_be_released_again(held):
    raw = held.publish()
    held.entry(raw)
    held.release(raw, "zeno", "zack", reason=MENDED)
    again = held.entry(raw, 2)
    assert (again.state, again.record.reason) == ("held", Reason.RISK_TOO_HIGH)
    held.release(raw, "zora", "zita")
    wait_for(lambda: not held.held(raw), "the record has left quarantine")
    assert held.task(raw, 3).revision == 3
    held.pipeline.reconciled()


def test_one_that_went_around_veil_is_told_and_an_order_to_redact_again_keeps_its_count(held):
    raw = held.publish()
    held.entry(raw)
    nowhere = QuarantineRelease(raw.partition, raw.offset, 9, 1, ACCEPTED)
    held.pipeline.release("zeno", "zack", order=nowhere)
    missed = held.pipeline.wait_event("that it is gone", lambda event: event.type is EventType.RELEASE_MISSED)
    assert missed.reason == "gone"
    held.pipeline.order_again("zeno", "zack", number=1)
    held.entry(raw, 2)
    wait_for(lambda: (one := carried(held.pipeline.audit()).get(1)) and one.done, "every copy has its outcome")
    held.pipeline.reconciled()


def covers(event, raw: RawReference) -> bool:
    batch = event.batch
    return batch is not None and batch.partition == raw.partition and batch.first <= raw.offset < batch.next
