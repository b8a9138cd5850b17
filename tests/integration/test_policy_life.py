"""A policy's life on the real broker and the real vault: changed amid records, replayed, frozen, ruled out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import pytest

from deploy.control_orders import order_freeze, sign_lift, sign_minimum
from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.control import Freezable, FreezeReason
from schemas.hidden import RawRecord, SealedBytes
from schemas.records import RawReference
from streams.engine.health import Condition
from streams.redact.detect.detector import build_detector
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from streams.redact.replay import require_bundle
from tests.support.waiting import wait_for
from topology.policies import load_policy
from topology.policies.canonical import with_hash
from vault.keys import open_sealed, task_binding
from vault.segments.opening import ViewKeys

pytestmark = pytest.mark.stack

FIRST = load_policy("demo")
SECOND = with_hash(replace(FIRST, version=2, overlap=2))
POLICIES = {policy.hash: policy for policy in (FIRST, SECOND)}
BATCH = 10
PACE_S = 0.05  # between batches, so that a slow machine isn't buried
BUILT_WITHIN_S = 180.0
"""A detector takes 6 s of a free core; other tests may run beside this one."""
RECORD = {
    "customer": {"name": "Zorvik Quelmer", "email": "zorvik@example.org", "note": "Zorvik Quelmer's kettle broke"},
    "product": "kettle",
}


class Flow:
    """Publishes batch after batch, in a thread of its own, until it is left."""

    def __init__(self, publish: Callable[..., list[RawReference]]) -> None:
        self._publish = publish
        self.raw: list[RawReference] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="producer")

    def _run(self) -> None:
        while not self._ended.wait(PACE_S):
            self.raw += self._publish(*[RECORD] * BATCH)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture(scope="module")
def turns(pipeline_of):
    pipeline = pipeline_of("turns")
    pipeline.start("redact")
    pipeline.sign("tia", "tom", policy=FIRST)
    wait_for(lambda: working(pipeline), "the first detector is built", BUILT_WITHIN_S)
    return pipeline


def working(pipeline) -> bool:
    """Redact works, and nothing is to be said of it: no record has to wait."""
    return pipeline.stages["redact", 0].running.health.read() == (Condition.WORKING, "")


@pytest.fixture(scope="module")
def changed(turns):
    """Every raw record that was published while the second policy came."""
    with Flow(turns.publish) as flow:
        turns.wait_records("tasks", 1)
        turns.sign("tia", "tom", policy=SECOND)
        wait_for(
            lambda: any(task.policy == SECOND.hash for task in turns.records("tasks")), "a task by the second"
        )
    turns.wait_records("tasks", len(flow.raw))
    return flow.raw


def batches(turns) -> list[AuditEvent]:
    events = [event for event in turns.events(EventType.BATCH_REDACTED) if event.batch is not None]
    return sorted(events, key=lambda event: (event.batch.partition, event.batch.first))


def acknowledged(turns, key: str) -> AuditEvent:
    role = f"redact.{turns.project}"
    return turns.wait_event(f"{key} acknowledged", lambda e: e.process == role and e.details.get("key") == key)


def test_a_policy_that_changes_amid_records_loses_none(turns, changed):
    result = turns.reconciled()
    assert result.records == result.tasks >= len(changed)
    assert (result.quarantined, result.dropped) == (0, 0)


def test_every_task_names_the_bundle_it_was_made_by_and_the_newer_policy_comes_once(turns, changed):
    tasks = {task.task_id: task for task in turns.records("tasks")}
    adopted = {event.bundle: event.resource for event in turns.events(EventType.BUNDLE_ADOPTED)}
    versions: dict[int, list[int]] = {}
    for event in batches(turns):
        for one in event.batch.outcomes:
            if one.outcome is RawOutcome.TASK:
                task = tasks[one.task_id]
                assert task.bundle == event.bundle
                assert adopted[task.bundle] == f"policy/{task.policy}"
                assert task.overlap == POLICIES[task.policy].overlap
                versions.setdefault(event.batch.partition, []).append(POLICIES[task.policy].version)
    assert all(found == sorted(found) for found in versions.values())
    assert {version for found in versions.values() for version in found} == {1, 2}


@pytest.mark.parametrize("policy", [FIRST, SECOND], ids=lambda policy: policy.id)
def test_a_replay_under_the_bundle_of_a_task_gives_its_bytes(turns, changed, policy):
    task = next(task for task in turns.records("tasks") if task.policy == policy.hash)
    detector = build_detector(policy)
    require_bundle(policy, detector, task.bundle)
    again = redact(RawRecord(RECORD), policy, detector)
    assert isinstance(again, Redacted)
    key = ViewKeys(turns.administrators_vault(), turns.project).task_key(task.segment_id, task.task_id)
    binding = task_binding(turns.project, task.task_id, task.revision)
    assert json.loads(open_sealed(key, SealedBytes(task.sealed), binding)) == dict(again.record.fields)


def test_frozen_nothing_is_released_until_two_people_resume(turns, changed):
    before, accounted = len(turns.records("tasks")), turns.reconciled().records
    with turns.person("tess") as around:
        frozen = acknowledged(turns, order_freeze(around, list(Freezable), FreezeReason.REHEARSAL))
        assert "frozen by tess" in turns.stages["redact", 0].running.health.read()[1]
        turns.publish(*[RECORD] * 3)
        version = int(frozen.details["version"])
        sign_lift(around, "tess", version)
    with turns.person("tom") as around:
        lifted = sign_lift(around, "tess", version)
    turns.wait_records("tasks", before + 3)
    resumed = [event for event in turns.audit() if event.details.get("key") == lifted][-1]
    released = [event.sequence for event in batches(turns) if event.slot == resumed.slot]
    assert frozen.slot == resumed.slot
    assert [one for one in released if frozen.sequence < one < resumed.sequence] == []
    assert max(released) > resumed.sequence
    assert wait_for(lambda: working(turns), "nothing is held")
    assert turns.reconciled().records == accounted + 3


def test_a_policy_below_the_minimum_stays_out_whoever_signs_it_again(turns, changed):
    before = len(turns.records("tasks"))
    for person in ("tia", "tom"):
        with turns.person(person) as around:
            key = sign_minimum(around, SECOND.version)
    acknowledged(turns, key)
    turns.sign("tia", "tom", policy=FIRST)
    turns.restart("redact")
    turns.publish(RECORD)
    turns.wait_records("tasks", before + 1)
    latest = max(turns.events(EventType.BATCH_REDACTED), key=lambda event: event.time)
    assert latest.details["policy"] == SECOND.hash
