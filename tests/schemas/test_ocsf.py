"""The mapping to OCSF speaks of every type and field of the vocabulary, and of none besides."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from schemas.audit import AuditEvent, EventType

PAGE = (Path(__file__).parents[2] / "schemas" / "ocsf.md").read_text(encoding="utf-8")
CLASSES = {
    "Data Security Finding": 2006,
    "Detection Finding": 2004,
    "Incident Finding": 2005,
    "Authentication": 3002,
    "Entity Management": 3004,
    "User Access Management": 3005,
    "Application Lifecycle": 6002,
    "API Activity": 6003,
    "Datastore Activity": 6005,
}
ACTIVITIES = {
    2004: {1: "Create"},
    2005: {1: "Create", 2: "Update", 3: "Close"},
    2006: {1: "Create"},
    3002: {1: "Logon", 2: "Logoff"},
    3004: {1: "Create", 3: "Update", 4: "Delete"},
    3005: {1: "Assign Privileges", 2: "Revoke Privileges"},
    6002: {3: "Start", 4: "Stop", 8: "Update"},
    6003: {1: "Create", 2: "Read", 3: "Update", 99: "Other"},
    6005: {1: "Read", 2: "Update", 5: "Write", 7: "Delete", 99: "Other"},
}
"""Of OCSF 1.6 (https://github.com/ocsf/ocsf-schema), those that are used."""


def rows(heading):
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_event_type_has_its_row_in_the_order_of_the_vocabulary():
    assert [row[0].strip("`") for row in rows("Types")] == [kind.value for kind in EventType]


def test_classes_and_activities_are_those_of_ocsf():
    for _, name, uid, activity, activity_id in rows("Types"):
        assert CLASSES[name] == int(uid)
        assert ACTIVITIES[int(uid)][int(activity_id)] == activity


def test_every_field_of_an_event_has_a_place():
    named = [name for row in rows("Fields") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(named) == sorted(field.name for field in fields(AuditEvent))


def test_what_a_class_requires_comes_from_fields_there_are():
    asked = rows("What a class asks for besides")
    known = {field.name for field in fields(AuditEvent)}
    assert {name for row in asked[1:] for name in re.findall(r"`(\w+)`", row[2])} <= known
    assert {name.strip() for row in asked[1:] for name in row[0].split(",")} == set(CLASSES)
