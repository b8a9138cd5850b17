"""Priorities, batches, skills, pauses and exclusions on the real broker and vault, from producer to annotator."""

from __future__ import annotations

import pytest

from deploy.control_orders import order_switch
from deploy.publishing import publishing
from schemas.audit import Event, EventType
from schemas.control import ControlKind
from schemas.errors import Reason, Refused
from schemas.routing import ROUTINE, routing
from tests.support.waiting import wait_for
from topology.switches import exclusion_target, pause_target

pytestmark = pytest.mark.stack

NOTE = {"customer": {"note": "My kettle broke, send me another lid"}, "product": "kettle"}
ROUTES = (
    ROUTINE,
    routing(8),
    routing(2, "week-48"),
    routing(9, "", ["de"]),
    routing(5, "week-49"),
    routing(5, "", ["legal"]),
)
IN_FORCE_WITHIN_MS = 1_000


@pytest.fixture(scope="module")
def routed(pipeline_of):
    """A project with a record of each routing, redact and label at work."""
    pipeline = pipeline_of("routed")
    with publishing(pipeline.root, pipeline.project) as publisher:
        for made in ROUTES:
            publisher.publish_json(NOTE, routing=made)
        publisher.flush()
    pipeline.sign("rhea", "rolf")
    pipeline.start("redact", "label")
    pipeline.wait_records("tasks", len(ROUTES) - 1)
    return pipeline


@pytest.fixture(scope="module")
def given(routed):
    """What each annotator gets first."""
    rosi, rudi = routed.client("rene", "rosi"), routed.client("rene", "rudi")
    with rosi, rudi:
        return wait_for(rosi.lease, "rosi's task"), rudi.lease()


def task_of(pipeline, made):
    (found,) = [
        task.task_id
        for task in pipeline.records("tasks")
        if (task.priority, task.batch, task.skills) == (made.priority, made.batch, made.skills)
    ]
    return found


def switched(pipeline, kind, target, event_type, version, *, on):
    """An order of the operator, and how long label took to take it up, in milliseconds."""
    with pipeline.person("rene") as around:
        key = order_switch(around, kind, target, Event(event_type, ""), version, on=on)
    ordered = [one for one in pipeline.events(event_type) if key in one.resource][-1]
    label = f"label.{pipeline.project}.0"

    def is_applied(event):
        applied = event.type is EventType.CONTROL_APPLIED and event.slot == label
        return applied and event.details["key"] == key and event.time >= ordered.time

    return pipeline.wait_event(f"label has applied {key}", is_applied).time - ordered.time


def test_a_batch_that_the_project_does_not_know_is_quarantined(routed):
    assert [one.reason for one in routed.records("quarantine")] == [Reason.UNKNOWN_BATCH]


def test_a_skill_that_nobody_has_is_on_the_audit(routed):
    event = routed.wait_event("skills.missing", lambda one: one.type is EventType.SKILLS_MISSING)
    assert event.details == {"skills": "legal", "tasks": "1", "role": "annotator"}


def test_each_gets_the_most_urgent_task_that_they_can(routed, given):
    assert [one.task_id for one in given] == [task_of(routed, ROUTES[3]), task_of(routed, ROUTES[1])]


def test_a_pause_and_an_exclusion_are_in_force_within_a_second_and_end_as_soon(routed, given):
    target, task_id = pause_target(""), task_of(routed, ROUTES[3])
    excluded = exclusion_target("rosi", task=task_id)
    with routed.client("rene", "rosi") as rosi:
        mine = given[0]
        assert (
            switched(routed, ControlKind.PAUSE, target, EventType.PAUSE_ORDERED, 1, on=True) < IN_FORCE_WITHIN_MS
        )
        assert rosi.stats().paused
        assert rosi.lease().lease_id == mine.lease_id, "who has a task finishes it"

        took = switched(routed, ControlKind.EXCLUDE, excluded, EventType.EXCLUSION_ORDERED, 1, on=True)
        assert took < IN_FORCE_WITHIN_MS
        with pytest.raises(Refused) as caught:
            rosi.label(mine, [], {"tone": "neutral"})
        assert caught.value.reason is Reason.EXCLUDED
        assert rosi.lease() is None
        routed.restart("label")
        with routed.client("rene", "rosi") as again:
            assert wait_for(lambda: again.stats().paused, "label is back, and knows of the pause")
            assert again.lease() is None
            switched(routed, ControlKind.PAUSE, target, EventType.PAUSE_LIFTED, 2, on=False)
            assert again.lease().task_id not in (task_id, mine.task_id)
    assert [one.person for one in routed.events(EventType.LEASE_REVOKED)] == ["rosi"]
    assert routed.reconciled()
