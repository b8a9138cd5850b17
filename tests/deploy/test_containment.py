"""How alerts stand, as the audit tells it."""

from __future__ import annotations

from dataclasses import replace

from deploy.containment import Case, cases
from schemas.audit import AuditEvent, Decision, EventType


def said(kind: EventType, alert: str, time: int, reason: str = "", *parents: str, **details: str) -> AuditEvent:
    told = (f"alert/{alert}", "success", Decision.NONE, "", "", reason, "", parents)
    return AuditEvent(
        "contain.demo.0", 1, 1, b"", "contain.demo", time, kind, *told, None, None, {"rule": "reports"} | details
    )


def test_that_an_alert_is_contained_only_contain_can_say():
    begun, reached = said(EventType.CONTAINMENT_BEGUN, "a", 10), said(EventType.CONTAINMENT_REACHED, "a", 50)
    others = replace(reached, process="decide.demo", slot="decide.demo.0")
    assert cases([begun, others])[0].state == "waiting"
    assert cases([others]) == ()
    assert cases([begun, reached])[0].state == "contained"


def test_an_alert_waits_until_all_have_obeyed_and_what_was_not_ordered_is_held():
    begun = said(EventType.CONTAINMENT_BEGUN, "a", 10, "", "control/freeze/demo/contain.demo", "person/ann")
    reached = said(EventType.CONTAINMENT_REACHED, "a", 50)
    held = said(EventType.CONTAINMENT_HELD, "b", 20, "budget", action="revoke")
    other = said(EventType.FREEZE_ORDERED, "a", 11)
    orders = ["control/freeze/demo/contain.demo"]
    assert cases([begun, other]) == (Case("a", "reports", 10, 0, orders),)
    (first, second) = cases([reached, held, begun])
    assert (first.state, first.reached, first.orders) == ("contained", 50, orders)
    assert (second.state, second.held) == ("held", {"revoke": "budget"})
    assert cases([begun])[0].state == "waiting"
    assert first.as_json()["state"] == "contained"
