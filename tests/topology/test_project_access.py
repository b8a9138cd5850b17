"""What a project file may say about who labels when, from where, and with which apps."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from schemas.errors import ConfigError
from topology.identity import Identity
from topology.loading import Topology, load_topology, parse_project
from topology.project_access import Access
from topology.rights import TransitRight, identities, rights
from topology.working_hours import WorkingHours

FLOW = load_topology().flow
PROJECT = """
name: p
owner: o
persons: {authors: [a], approvers: [b], operators: [o], annotators: [c, d], adjudicators: [j]}
"""
PRACTICE = """
onboarding:
  - {fields: {text: hello}, explains: nothing to mark}
"""
HOURS = "access: {{hours: {{zone: {}, days: [{}], start: '{}', end: '{}'}}}}"
RULE = """
access:
  rules: |
    @id("no-skips") forbid (principal, action == Action::"skip", resource);
"""


def project(more):
    return parse_project(PROJECT + more, "p.yaml", FLOW)


def test_without_a_word_nothing_is_asked():
    assert project("").access == Access()


def test_everything_that_can_be_asked():
    found = project(
        PRACTICE
        + "access: {training: required, onboarding: required, devices: [managed, kiosk-7],"
        + ' hours: {zone: Europe/Berlin, days: [mon, fri], start: "08:00", end: "18:30"}}'
    ).access
    hours = WorkingHours(ZoneInfo("Europe/Berlin"), frozenset({1, 5}), time(8), time(18, 30))
    assert found == Access(True, True, frozenset({"managed", "kiosk-7"}), hours, "")


def test_rules_are_taken_as_they_stand():
    assert (
        project(RULE).access.rules == '@id("no-skips") forbid (principal, action == Action::"skip", resource);\n'
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("access: {training: maybe}", "access.training: Input should be"),
        ("access: {trainings: required}", "access.trainings: Extra inputs"),
        ("access: {onboarding: required}", "the project has no `onboarding` tasks"),
        ("access: {devices: ['a b']}", "access.devices.0: String should match"),
        (
            HOURS.format("Mars/Base", "mon", "08:00", "09:00"),
            "hours.zone: must be a time",
        ),
        (
            HOURS.format("../UTC", "mon", "08:00", "09:00"),
            "hours.zone: must be a time",
        ),
        (HOURS.format("/etc/passwd", "mon", "08:00", "09:00"), "hours.zone: must be"),
        (HOURS.format("UTC", "", "08:00", "09:00"), "hours.days: Tuple should have"),
        (
            HOURS.format("UTC", "moon", "08:00", "09:00"),
            "hours.days.0: Input should be",
        ),
        (
            HOURS.format("UTC", "mon", "8:00", "09:00"),
            "hours.start: must be a time of",
        ),
        (
            HOURS.format("UTC", "mon", "08:00", "24:00"),
            "hours.end: must be a time of",
        ),
        (HOURS.format("UTC", "mon", "08:00", "08:00"), "ends as it starts"),
        ("access: {rules: 'permit (principal, action, resource);'}", "access.rules: each rule has a name"),
        (RULE.replace("forbid", "permit"), "access.rules: no-skips: a project's rules can only forbid"),
        (RULE.replace('"skip"', '"fly"'), "access.rules: does not fit label.cedarschema"),
        ("apps: {ui: {acts_for: [a]}}", "apps.ui.acts_for: a labels nothing here"),
        ("apps: {ui: {acts_for: []}}", "apps.ui.acts_for: Tuple should have"),
        ("apps: {c: {acts_for: [d]}}", "apps.c: is the name of a person here"),
        ("apps: {o: {acts_for: [d]}}", "apps.o: is the name of a person here"),
    ],
)
def test_wrong_access_names_its_place_and_what_is_allowed(more, said):
    with pytest.raises(ConfigError, match=r"^p\.yaml: ") as refused:
        project(more)
    assert said in str(refused.value)


def test_app_is_an_identity_that_may_sign_and_nothing_else():
    topology = Topology({"p": project("apps: {triage-ui: {acts_for: [c, j]}}")}, FLOW)
    app = Identity("person", "triage-ui")
    assert app in identities(topology)
    allowed = rights(topology, app)
    assert allowed.transit == {TransitRight("sign", "sign-triage-ui")}
    assert not (allowed.reads | allowed.writes | allowed.documents)
    assert (allowed.transactions, allowed.group, allowed.provisions) == (False, False, False)


def test_people_who_label_have_still_no_identity():
    topology = Topology({"p": project("apps: {triage-ui: {acts_for: [c, j]}}")}, FLOW)
    assert not {identity.place for identity in identities(topology)} & {"c", "d", "j"}
