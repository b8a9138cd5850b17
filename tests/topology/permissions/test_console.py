from __future__ import annotations

from dataclasses import replace

import cedarpy
import pytest

from topology.permissions.actions import Denial
from topology.permissions.console import Look, console_schema, console_text, may
from topology.project import Persons, Project

PERSONS = Persons(("ada",), ("grace",), ("olga",), ("ann",), ("zoe",), {"bot": ("ann",)}, officers=("iris",))
DEMO = Project("demo", "tests", 1, {}, PERSONS)


def test_rules_fit_their_schema():
    assert cedarpy.validate_policies(console_text(), console_schema()).validation_passed


@pytest.mark.parametrize("action", [action for action in Look if action is not Look.SIGN])
def test_officers_may_look_at_everything_and_sign_nothing(action):
    assert not may(DEMO, "iris", Look.SIGN).allowed
    assert (may(DEMO, "iris", action).allowed, may(DEMO, "iris", action).rules) == (True, ("officers",))


@pytest.mark.parametrize(
    ("person", "more"), [("ada", set()), ("grace", {Look.INCIDENTS}), ("olga", {Look.INCIDENTS})]
)
def test_who_signs_sees_signatures_who_may_stop_the_project_incidents_and_nobody_more(person, more):
    allowed = {action for action in Look if may(DEMO, person, action).allowed}
    assert allowed == {Look.SIGN_IN, Look.SIGNATURES, Look.SIGN, *more}


@pytest.mark.parametrize("person", ["ann", "zoe", "bot", "nobody", "person.iris", ""])
@pytest.mark.parametrize("action", list(Look))
def test_nobody_else_may_anything(person, action):
    assert not may(DEMO, person, action).allowed


@pytest.mark.parametrize("person", ["iris", "ada"])
@pytest.mark.parametrize("action", list(Look))
def test_who_is_revoked_may_nothing(person, action):
    assert not may(DEMO, person, action, revoked=True).allowed
    assert may(DEMO, person, action, revoked=True).reason is Denial.REVOKED


@pytest.mark.parametrize("duty", ["authors", "requesters", "grantors_a", "grantors_b"])
def test_an_officer_with_another_duty_may_nothing(duty):
    persons = Persons((), ("grace",), (), (), officers=("iris",))
    both = Project("demo", "tests", 1, {}, replace(persons, **{duty: ("iris",)}))
    for action in Look:
        decision = may(both, "iris", action)
        assert (decision.allowed, decision.reason) == (False, Denial.CONFLICTING_DUTIES)
