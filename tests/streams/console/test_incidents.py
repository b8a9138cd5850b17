"""Orders and who has said after them that they obey."""

from __future__ import annotations

from schemas.audit import ORDERS, EventType
from streams.console.incidents import orders
from streams.console.rows import row_of
from tests.streams.console.site import made

FREEZE, LIFT = "freeze/demo/olga", "lift/demo/olga/grace"


def row(kind, at, person="", process="redact.demo", resource="", parents=(), **details):
    event = made(1, kind, at, person=person, process=process, resource=resource, parents=parents, details=details)
    return row_of(1, "audit.demo", event)


def ordered(time, key=FREEZE, kind=EventType.FREEZE_ORDERED):
    return row(kind, time, "olga", "person.olga", f"control/{key}")


def applied(time, key=FREEZE, process="redact.demo"):
    return row(EventType.CONTROL_APPLIED, time, process=process, key=key)


def told(*rows):
    return [(it["key"], it["by"], [(one["by"], one["at"]) for one in it["obeyed"]]) for it in orders(rows)]


def test_each_order_has_those_who_obeyed_it():
    rows = [ordered(1), applied(2), applied(3, process="label.demo"), ordered(4, LIFT, EventType.LIFT_ORDERED)]
    assert told(*rows) == [
        (FREEZE, "olga", [("redact.demo", 2), ("label.demo", 3)]),
        (LIFT, "olga", []),
    ]


def test_who_obeyed_an_earlier_order_of_the_same_key_has_not_obeyed_the_later_one():
    rows = [ordered(1), applied(2), ordered(3), applied(4, process="label.demo")]
    assert [obeyed for _, _, obeyed in told(*rows)] == [[("redact.demo", 2)], [("label.demo", 4)]]


def test_what_was_applied_before_or_of_another_key_is_none_of_it():
    assert told(applied(1), ordered(2), applied(3, "freeze/demo/grace")) == [(FREEZE, "olga", [])]


def test_an_order_by_a_process_is_by_it_and_a_parent_may_name_the_key():
    policy = row(
        EventType.POLICY_PUBLISHED, 1, "ada", resource="policy/ab", parents=("control/policy/demo/ab/ada",)
    )
    contain = row(EventType.FREEZE_ORDERED, 2, process="contain.demo", resource="control/freeze/demo/contain.demo")
    assert [(key, by) for key, by, _ in told(policy, contain)] == [
        ("policy/demo/ab/ada", "ada"),
        ("freeze/demo/contain.demo", "contain.demo"),
    ]


def test_what_names_no_record_is_no_order():
    assert told(row(EventType.FREEZE_ORDERED, 1, "olga"), row(EventType.INCIDENT_OPENED, 2, "olga")) == []
    assert EventType.INCIDENT_OPENED.value not in ORDERS
