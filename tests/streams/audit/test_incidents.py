"""What the audit tells of incidents, and what it doesn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import ORDERS, AuditEvent, Decision, EventType
from streams.audit.incidents import Closed, Preserved, Said, incidents, is_change, timeline

ID = "2026-11-26-00c0ffee"


def said(
    kind: EventType, time: int, person: str = "olga", *parents: str, by: str = "", of: str = ID, **details: str
) -> AuditEvent:
    process = by or f"person.{person}"
    told = (f"incident/{of}", "success", Decision.NONE, person, "", "", "", parents)
    return AuditEvent(f"{process}.x", 1, time, b"", process, time, kind, *told, None, None, details)


OPENED = said(EventType.INCIDENT_OPENED, 100, "olga", "alert/4e", playbook="exposed-data", since="60")
STEP = said(EventType.INCIDENT_STEPPED, 110, "grace", step="1")
KEPT = said(EventType.INCIDENT_PRESERVED, 120, manifest="aa")
CLOSED = said(EventType.INCIDENT_CLOSED, 130, "grace", lessons="bb", change="demo@2")


@given(st.permutations([OPENED, STEP, KEPT, CLOSED]))
def test_an_incident_is_told_by_its_events_in_whatever_order_they_are_read(events):
    (found,) = incidents(events)
    assert (found.incident_id, found.opened, found.playbook) == (ID, Said("olga", 100), "exposed-data")
    assert (found.since, found.alert) == (60, "4e")
    assert found.steps == {1: Said("grace", 110)}
    assert found.preserved == (Preserved("aa", Said("olga", 120)),)
    assert found.closed == Closed(Said("grace", 130), "bb", "demo@2")


def test_a_step_counts_once_and_nothing_counts_after_the_end_or_before_the_beginning():
    again = said(EventType.INCIDENT_STEPPED, 115, "olga", step="1")
    early = said(EventType.INCIDENT_STEPPED, 90, step="2")
    late = said(EventType.INCIDENT_STEPPED, 140, step="3")
    (found,) = incidents([OPENED, STEP, again, early, CLOSED, late])
    assert found.steps == {1: Said("grace", 110)}


@pytest.mark.parametrize("by", ["person.grace", "label.demo", "contain.demo"])
def test_what_another_says_in_somebodys_name_counts_for_nothing(by):
    forged = said(EventType.INCIDENT_CLOSED, 130, "olga", by=by, lessons="bb", change="demo@2")
    (found,) = incidents([OPENED, forged])
    assert found.closed is None
    assert incidents([said(EventType.INCIDENT_OPENED, 1, by=by, playbook="x")]) == ()


def test_without_a_beginning_that_can_be_read_it_is_looked_into_from_its_opening():
    (found,) = incidents([said(EventType.INCIDENT_OPENED, 100, playbook="exposed-data", since="long ago")])
    assert (found.since, found.alert) == (100, "")


def test_a_timeline_tells_of_orders_and_obeying_from_then_on_and_of_no_work():
    freeze = said(EventType.FREEZE_ORDERED, 60)
    before, work = said(EventType.FREEZE_ORDERED, 59), said(EventType.LABEL_SUBMITTED, 70)
    assert timeline([CLOSED, work, before, OPENED, freeze], 60) == (freeze, OPENED, CLOSED)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("9b1c0de", True),
        ("a" * 40, True),
        ("demo@3", True),
        ("minimum/demo/3/ada", True),
        ("lift/demo/contain.demo/olga", True),
        ("freeze/demo/olga", True),
        ("", False),
        ("demo@0", False),
        ("we changed the policy", False),
        ("Jane Doe", False),
        ("deadbee f", False),
        ("x" * 500, False),
    ],
)
def test_a_change_is_named_and_never_described(text, is_one):
    assert is_change(text) is is_one


@pytest.mark.parametrize("kind", sorted({*ORDERS, EventType.REREDACTION_BEGUN, EventType.REREDACTION_ENDED}))
def test_what_was_ordered_and_what_came_of_it_stands_in_the_timeline(kind):
    event = said(kind, 100)
    assert timeline([event, said(EventType.TASK_VIEWED, 110)], since=50) == (event,)
