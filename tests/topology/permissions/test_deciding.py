"""Every rule in its two directions, default deny, and what is told where several rules forbid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.guidance import Guidance, PracticeTask
from topology.permissions import Action, Asked, Denial, Permissions
from topology.permissions.deciding import FAULT
from topology.project import ROLES, Persons, Project
from topology.project_access import Access
from topology.qualifications import Qualification
from topology.working_hours import WorkingHours

NOW = int(datetime(2027, 3, 1, 10, 0, tzinfo=UTC).timestamp() * 1000)  # a Monday
PERSONS = Persons(
    ("ada",), ("grace",), ("olga",), ("ann", "ben"), ("judge",), {"triage-ui": ("ann",), "other-ui": ("ben",)}
)
GUIDANCE = Guidance("", (PracticeTask({"text": "x"}, (), {}, "because"),))
PROJECT = Project("demo", "tests", 1, {}, PERSONS, GUIDANCE, comments=True)
SEEING = (Action.LEASE, Action.HEARTBEAT)
ANSWERING = (Action.LABEL, Action.SKIP)
HANDING_BACK = (Action.RELEASE, Action.REPORT, Action.ATTEMPT)
LEADING = (Action.THREADS, Action.THREAD, Action.REPLY)
LEARNING = (Action.ME, Action.GUIDE, Action.PRACTISE, Action.STATS, Action.BATCHES)


def decide(action=Action.LEASE, person="ann", project=PROJECT, now=NOW, **asked):
    return Permissions(project).decide(Asked(person, action, **asked), now)


def allowed(project, **asked):
    """The actions that `ann` is allowed."""
    return {action for action in Action if decide(action, project=project, **asked).allowed}


def asking(**access):
    return replace(PROJECT, access=Access(**access))


def trained(until, **access):
    return replace(asking(**access), qualifications={"ann": Qualification(until)})


def field_of(role):
    """Of `Persons`, in which its holders are."""
    return {"key-administrator": "key_administrators", "grantor-a": "grantors_a", "grantor-b": "grantors_b"}.get(
        role, f"{role}s"
    )


# -- who


@pytest.mark.parametrize(("person", "rule"), [("ann", "annotators"), ("judge", "adjudicators")])
@pytest.mark.parametrize("action", Action)
def test_who_labels_may_do_everything_but_lead_and_who_adjudicates_all(person, rule, action):
    found = decide(action, person)
    if rule == "annotators" and action in LEADING:
        assert (found.allowed, found.rules, found.reason) == (False, (), Denial.NOT_PERMITTED)
        return
    assert (found.allowed, found.rules, found.reason) == (True, (rule,), None)


@pytest.mark.parametrize("person", ["eve", "ada", "grace", "olga", "triage-ui", "Ann", "ann ", "", 'a"b', "a\nb"])
@pytest.mark.parametrize("action", Action)
def test_what_nothing_permits_is_refused(person, action):
    found = decide(action, person)
    assert (found.allowed, found.rules, found.reason) == (False, (), Denial.NOT_PERMITTED)


@pytest.mark.parametrize("other", [role for role in ROLES if role != "annotator"])
@pytest.mark.parametrize("action", Action)
def test_person_with_a_conflicting_duty_may_do_nothing(other, action):
    both = {"apps": {"ann": ("ben",)}} if other == "app" else {field_of(other): ("ann",)}
    found = decide(action, project=replace(PROJECT, persons=replace(PERSONS, **both)))
    assert (found.allowed, found.rules, found.reason) == (
        False,
        ("conflicting-duties",),
        Denial.CONFLICTING_DUTIES,
    )


@given(st.sets(st.sampled_from(ROLES)), st.sampled_from(Action))
def test_exactly_one_labeling_duty_and_no_other_is_what_it_takes(duties, action):
    held = {field_of(role): ("ann",) if role in duties else () for role in ROLES if role != "app"}
    persons = Persons(**held, apps={"ann": ("ben",)} if "app" in duties else {})
    found = decide(action, project=replace(PROJECT, persons=persons))
    assert found.allowed == (duties == {"adjudicator"} or (duties == {"annotator"} and action not in LEADING))


@pytest.mark.parametrize("person", ["ann", "judge"])
def test_where_the_projects_file_has_no_comments_nobody_has_to_do_with_any(person):
    silent = replace(PROJECT, comments=False)
    refused = {action for action in Action if not decide(action, person, silent).allowed}
    assert refused == {Action.COMMENTS, Action.COMMENT, *LEADING}


def test_who_leads_has_answered_the_onboarding_too():
    project = asking(onboarding=True)
    for action in LEADING:
        assert decide(action, "judge", project).reason is Denial.NOT_ONBOARDED
        assert decide(action, "judge", project, onboarded=True).allowed


# -- with what


def test_app_acts_for_its_own_people_only():
    assert decide(issuer="triage-ui").allowed
    found = decide(person="ben", issuer="triage-ui")
    assert (found.rules, found.reason) == (("apps-for-their-people",), Denial.NOT_PERMITTED)
    assert not decide(person="judge", issuer="triage-ui").allowed


def test_operators_token_counts_while_they_are_one():
    assert decide(issuer="olga").allowed
    gone = replace(PROJECT, persons=replace(PERSONS, operators=("oscar",)))
    found = decide(issuer="olga", project=gone)
    assert (found.rules, found.reason) == (("known-clients",), Denial.NOT_PERMITTED)


@pytest.mark.parametrize("issuer", ["ada", "grace", "ann", "eve"])
def test_nobody_elses_token_counts(issuer):
    assert decide(issuer=issuer).rules == ("known-clients",)


# -- containment


@pytest.mark.parametrize("action", Action)
def test_who_is_revoked_may_do_nothing_and_is_told_so_before_all_else(action):
    project = replace(trained(None, training=True), persons=replace(PERSONS, authors=("ann",)))
    for one in (PROJECT, project):
        found = decide(action, project=one, revoked=True)
        assert (found.allowed, found.reason) == (False, Denial.REVOKED)
        assert "revoked" in found.rules


# -- training


@pytest.mark.parametrize("required", [False, True])
def test_training_counts_until_its_last_day_has_ended_in_utc(required):
    project = trained(date(2027, 3, 1), training=required)
    midnight = int(datetime(2027, 3, 2, tzinfo=UTC).timestamp() * 1000)
    assert decide(project=project, now=midnight - 1).allowed
    found = decide(project=project, now=midnight)
    assert (found.rules, found.reason) == (("training",), Denial.NOT_TRAINED)


def test_training_that_nobody_has_noted_is_none_where_it_is_required():
    assert decide(project=trained(None)).allowed
    assert decide(project=trained(None, training=True)).reason is Denial.NOT_TRAINED


def test_who_is_not_trained_can_still_give_back_and_report():
    assert allowed(trained(date(2027, 2, 28))) == {*HANDING_BACK, *LEARNING}


def test_training_long_ago_is_over_and_far_ahead_is_not():
    assert not decide(project=trained(date.min)).allowed
    assert decide(project=trained(date.max)).allowed


# -- device


@pytest.mark.parametrize("devices", [(), ("private",), ("Managed",), ("managed ",)])
def test_wrong_device_neither_shows_nor_takes_anything(devices):
    project = asking(devices=frozenset({"managed", "kiosk"}))
    found = decide(project=project, devices=frozenset(devices))
    assert (found.rules, found.reason) == (("devices",), Denial.WRONG_DEVICE)
    assert allowed(project, devices=frozenset(devices)) == {Action.STAY, *HANDING_BACK, *LEARNING}


def test_one_of_the_devices_is_enough():
    project = asking(devices=frozenset({"managed", "kiosk"}))
    assert allowed(project, devices=frozenset({"kiosk", "4711"})) == set(Action) - set(LEADING)


# -- hours


def test_after_hours_what_is_on_the_table_can_be_answered():
    evening = WorkingHours(ZoneInfo("UTC"), frozenset({1}), time(18), time(20))
    project = asking(hours=evening)
    assert decide(project=project).reason is Denial.OUTSIDE_HOURS
    assert allowed(project) == {Action.STAY, *ANSWERING, *HANDING_BACK, *LEARNING}
    assert decide(project=project, now=NOW + 8 * 3_600_000).allowed


# -- onboarding


def test_without_onboarding_there_is_no_task_and_all_else():
    project = asking(onboarding=True)
    assert allowed(project) == set(Action) - {Action.LEASE, *LEADING}
    assert decide(project=project).reason is Denial.NOT_ONBOARDED
    assert allowed(project, onboarded=True) == set(Action) - set(LEADING)


# -- rules of a project's own


def own(rule):
    return asking(rules=rule)


def test_own_rule_forbids_and_is_named():
    project = own('@id("ann-rests") forbid (principal == Person::"ann", action in Action::"see", resource);')
    found = decide(project=project)
    assert (found.allowed, found.rules, found.reason) == (False, ("ann-rests",), Denial.NOT_PERMITTED)
    assert decide(Action.REPORT, project=project).allowed
    assert decide(person="ben", project=project).allowed


def test_own_rule_knows_time_skills_client_and_purpose():
    text = """
    @id("early") forbid (principal, action, resource) when { context.weekday == 1 && context.minute < 600 };
    @id("needs-german") forbid (principal, action, resource) unless { principal.skills.contains("de") };
    @id("no-apps") forbid (principal, action, resource) when { context has app && context.app == "triage-ui" };
    @id("no-judges") forbid (principal, action, resource) when { context.purpose == "adjudication" };
    """
    project = replace(own(text), qualifications={"ann": Qualification(None, frozenset({"de"}))})
    assert decide(project=project).allowed
    assert decide(project=project, now=NOW - 1).rules == ("early",)
    assert decide(person="ben", project=project).rules == ("needs-german",)
    assert decide(project=project, issuer="triage-ui").rules == ("no-apps",)
    assert decide(person="judge", project=project).rules == ("needs-german", "no-judges")


def test_own_rule_knows_the_batch():
    when = 'unless { context.batch == "pilot" }'
    project = own(f'@id("pilot-only") forbid (principal, action == Action::"lease", resource) {when};')
    assert decide(project=project).rules == ("pilot-only",)
    assert decide(project=project, batch="pilot").allowed


def test_rule_that_can_not_be_evaluated_refuses():
    project = own(
        '@id("odd") forbid (principal, action, resource) when { context.today + 9223372036854775807 < 0 };'
    )
    found = decide(project=project)
    assert (found.allowed, found.rules, found.reason) == (False, (FAULT,), Denial.NOT_PERMITTED)


# -- several at once


def test_of_several_reasons_the_first_is_told_and_all_rules_are_named():
    night = WorkingHours(ZoneInfo("UTC"), frozenset({1}), time(22), time(23))
    project = trained(None, training=True, onboarding=True, devices=frozenset({"managed"}), hours=night)
    found = decide(project=project)
    assert found.rules == ("devices", "onboarding", "training", "working-hours")
    assert found.reason is Denial.NOT_TRAINED
