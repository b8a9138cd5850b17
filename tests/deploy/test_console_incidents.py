"""What the console says of an incident follows from the audit, and holds nothing that a person could have written
freely.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deploy.console_incidents import AuditIncidents, concerns, lines, story
from schemas import cloudevents
from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from streams.engine.messages import Outgoing
from tests.simulation.broker import Broker, MemoryLog
from tests.streams.audit.test_incidents import CLOSED, ID, KEPT, OPENED, STEP, said
from topology.playbook import load_playbook

FREEZE = said(EventType.FREEZE_ORDERED, 80, "olga", "control/freeze/demo/olga")
STEPS = load_playbook("exposed-data").steps


def applied(time, key, by="redact.demo"):
    return said(EventType.CONTROL_APPLIED, time, "", by=by, of="none", key=key)


def test_a_line_says_how_far_it_is():
    (one,) = lines([OPENED, STEP])
    assert (one["id"], one["playbook"], one["steps"], one["done"]) == (ID, "exposed-data", len(STEPS), 1)
    assert (one["evidence"], one["closed"]) == (0, None)
    (one,) = lines([OPENED, STEP, KEPT, CLOSED])
    assert (one["evidence"], one["closed"]) == (1, {"person": "grace", "at": 130, "change": "demo@2"})


def test_the_latest_comes_first():
    later = said(EventType.INCIDENT_OPENED, 300, of="2026-11-27-00000001", playbook="exposed-data")
    assert [one["id"] for one in lines([OPENED, later])] == ["2026-11-27-00000001", ID]


def test_a_story_has_steps_evidence_orders_and_who_obeyed():
    events = [FREEZE, applied(81, "freeze/demo/olga"), OPENED, STEP, KEPT]
    one = story(events, [], "demo", ID, 100)
    assert [it["by"] for it in one["plan"]] == [{"person": "grace", "at": 110}, *[None] * (len(STEPS) - 1)]
    assert [it["text"] for it in one["plan"]] == list(STEPS)
    assert one["preserved"] == [{"manifest": "aa", "person": "olga", "at": 120}]
    (order,) = one["orders"]
    assert (order["key"], order["by"], order["obeyed"]) == (
        "freeze/demo/olga",
        "olga",
        [{"by": "redact.demo", "at": 81}],
    )
    assert [it["type"] for it in one["timeline"]] == [event.type.value for event in events]


def test_what_a_person_wrote_freely_is_left_out():
    name = "Zorvik Quelmer"
    opened = said(EventType.INCIDENT_OPENED, 100, "olga", f"alert/{name}", playbook=name)
    kept = said(EventType.INCIDENT_PRESERVED, 120, manifest=name)
    closed = said(EventType.INCIDENT_CLOSED, 130, lessons=name, change=name)
    one = story([opened, kept, closed], [], "demo", ID, 100)
    assert (one["playbook"], one["steps"], one["closed"]["change"]) == ("", 0, "")
    assert (one["alert"], one["preserved"][0]["manifest"]) == ("", "")
    assert name not in str(one)


def test_nobody_has_opened_it():
    assert story([FREEZE, OPENED], [], "demo", "2026-11-26-00000000", 100) is None
    forged = said(EventType.INCIDENT_OPENED, 100, by="label.demo", playbook="exposed-data")
    assert story([forged], [], "demo", ID, 100) is None


def test_what_comes_after_its_end_is_none_of_it():
    later = said(EventType.FREEZE_ORDERED, 131, "olga", "control/freeze/demo/olga")
    told = [it["type"] for it in story([OPENED, CLOSED, later], [], "demo", ID, 100)["timeline"]]
    assert told == ["incident.opened", "incident.closed"]


def test_of_a_long_timeline_the_latest_is_shown_and_the_rest_counted():
    steps = [said(EventType.INCIDENT_STEPPED, 200 + at, step=str(at)) for at in range(1, 10)]
    one = story([OPENED, *steps], [], "demo", ID, 4)
    assert ([it["time"] for it in one["timeline"]], one["left_out"]) == ([206, 207, 208, 209], 6)
    freezes = [said(EventType.FREEZE_ORDERED, 200 + at, "olga", f"control/freeze/demo/p-{at}") for at in range(6)]
    one = story([OPENED, *freezes], [], "demo", ID, 4)
    assert ([it["at"] for it in one["orders"]], one["orders_left_out"]) == ([202, 203, 204, 205], 2)


@pytest.mark.parametrize(
    ("key", "is_ours"), [("revoke/demo/ann", True), ("revoke/other/ann", False), ("revoke/demo-2/ann", False)]
)
def test_of_the_platform_only_what_is_about_this_project_is_told(key, is_ours):
    wardens = said(EventType.CONTROL_APPLIED, 105, "", f"control/{key}", by="warden.platform", of="none")
    assert concerns(wardens, "demo") is is_ours
    assert len(story([OPENED], [wardens], "demo", ID, 9)["timeline"]) == 1 + is_ours


def test_they_are_read_from_the_projects_audit_and_the_platforms():
    broker, codec = Broker({"audit.demo": 1, "audit.platform": 1}), Codec(FixedIds())
    wardens = said(EventType.CONTROL_APPLIED, 105, "", "control/revoke/demo/ann", by="warden.platform", of="none")
    work = said(EventType.LABEL_SUBMITTED, 104, by="label.demo")
    for topic, event in (("demo", OPENED), ("demo", work), ("demo", STEP), ("platform", wardens)):
        headers = cloudevents.headers(event)
        broker.append(Outgoing(f"audit.{topic}", event.slot.encode(), codec.encode(event), headers))
    broker.append(Outgoing("audit.demo", b"key", b"anything"))
    reading = AuditIncidents(SimpleNamespace(log=MemoryLog(broker), codec=codec))
    every = reading.all("demo")
    assert ([it["id"] for it in every.content["incidents"]], every.content["findings"]) == ([ID], 1)
    one = reading.one("demo", ID, 100)
    told = [it["type"] for it in one.content["timeline"]]
    assert told == ["incident.opened", "control.applied", "incident.stepped"]
    assert one.resources == (f"incident/{ID}",)
    assert reading.one("demo", "2026-11-26-00000000", 100) is None
