"""What people are told of a policy: all that it may do to a kind of data, in words, and how long what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.keeper.overdue import SWEPT_WITHIN_MS
from topology.loading import load_topology
from topology.policies import load_policy
from topology.policies.actions import Action, Keep, Scope, Target, Treatment
from topology.policies.hints import NO_HINTS, OF_CATEGORY, Hint, Hints
from topology.policies.model import Condition, Publish
from topology.policies.notice import DAY_MS, HOUR_MS, SWEPT_MS, kind_words, time_words, treatment_words
from topology.policies.notice import notice as notice_of
from topology.topics import compacted_ms, kept_ms, topics

DEMO = load_policy("demo")
TOPOLOGY = load_topology()
PROJECT = TOPOLOGY.project("demo")


def notice(policy, project):
    """Where the project is as given, and all others as they are packaged."""
    projects = {**TOPOLOGY.projects, project.name: project}
    return notice_of(policy, replace(TOPOLOGY, projects=projects), project.name)


def test_each_kind_of_data_is_told_with_what_happens_to_it():
    found = {one.how: set(one.kinds) for one in notice(DEMO, PROJECT).handled}
    assert found["replaced by its kind and a number, as [PERSON_1]"] >= {"person", "email address", "phone number"}
    assert found["left out"] == {"address"}
    assert "free text" in found["read by the program, which hides what it finds"]


def test_a_condition_that_treats_a_kind_otherwise_is_told_too():
    condition = Condition((("PERSON", Treatment(Action.MASK)),), near=("born",))
    found = notice(replace(DEMO, conditions=(condition,)), PROJECT)
    assert "person" in next(one for one in found.handled if one.how == "covered").kinds


def test_what_may_be_asked_of_hidden_pieces_is_told():
    found = notice(DEMO, PROJECT)
    assert [(one.how, one.kinds) for one in found.told] == [
        ("what kind of place it is, and in which country", ("location",))
    ]
    assert found.pieces == 3
    assert notice(replace(DEMO, hints=NO_HINTS), PROJECT).told == ()
    every = Hints(tuple(sorted(OF_CATEGORY.items())))
    assert len(notice(replace(DEMO, hints=every), PROJECT).told) == len(Hint)


def test_that_other_programs_read_the_texts_is_told_where_policy_and_project_both_say_so():
    open_policy, open_project = replace(DEMO, publish=Publish.OPEN), replace(PROJECT, open_texts=True)
    found = notice(open_policy, open_project)
    assert found.opened
    assert len(found.kept) == len(notice(DEMO, PROJECT).kept) + 1
    assert any("other programs" in one.what for one in found.kept)
    assert not notice(open_policy, PROJECT).opened
    assert not notice(DEMO, open_project).opened


def test_what_leaves_most_comes_first():
    hows = [one.how for one in notice(DEMO, PROJECT).handled]
    assert hows[0] == "shown as it is"
    assert hows[-1] == "left out"


def test_every_treatment_there_is_has_words():
    treatments = [Treatment(action) for action in Action if action is not Action.GENERALIZE]
    treatments += [Treatment(Action.GENERALIZE, to=target) for target in Target]
    treatments += [Treatment(Action.TOKEN, scope=scope) for scope in Scope]
    treatments += [Treatment(Action.MASK, keep=Keep.ENDS)]
    words = [treatment_words(one) for one in treatments]
    assert len(set(words)) == len(words)


def test_a_linkable_token_is_told_to_link():
    assert treatment_words(Treatment(Action.TOKEN, scope=Scope.PROJECT)).endswith("in this project")


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (HOUR_MS, "1 hour"),
        (36 * HOUR_MS, "36 hours"),
        (DAY_MS, "1 day"),
        (7 * DAY_MS, "7 days"),
        (7 * DAY_MS + 1, "8 days"),
        (365 * DAY_MS, "365 days"),
    ],
)
def test_times_are_limits_and_so_rounded_up(milliseconds, words):
    assert time_words(milliseconds) == words


def test_kept_is_told_by_the_projects_own_retentions():
    short = replace(PROJECT, retention_ms={**PROJECT.retention_ms, "raw": 2 * HOUR_MS})
    assert notice(DEMO, short).kept[0].how_long == "4 hours"


def test_kept_at_most_is_as_long_as_a_record_may_lie_there_before_purge_tells_it():
    """Retention, a whole segment, and an hour for the broker: not retention alone."""
    spec = next(spec for spec in topics(TOPOLOGY) if spec.name == "raw.demo")
    kept = [one.how_long for one in notice(DEMO, PROJECT).kept]
    assert kept[0] == time_words(kept_ms(spec)) == "31 hours"
    assert "373 days" in kept


def test_what_is_hidden_is_kept_until_keeper_is_late_with_it_and_texts_in_clear_until_they_have_left_the_disk():
    spec = next(spec for spec in topics(TOPOLOGY) if spec.name == "open.demo")
    policy = replace(DEMO, publish=Publish.OPEN, segment_hours=24)
    kept = {one.what: one.how_long for one in notice(policy, replace(PROJECT, open_texts=True)).kept}
    assert SWEPT_MS == SWEPT_WITHIN_MS
    assert next(it for what, it in kept.items() if "two keys" in what) == "25 hours"
    in_clear = 25 * HOUR_MS + compacted_ms(spec)
    assert next(it for what, it in kept.items() if "other programs" in what) == time_words(in_clear) == "28 hours"


def test_what_outlives_an_erasure_for_ever_is_told_where_anybody_can_be_erased():
    assert "for ever" in notice(DEMO, PROJECT).after_erasure
    assert notice(replace(DEMO, subject=()), PROJECT).after_erasure == ""


def test_only_who_can_be_found_is_told_that_they_can_be_erased():
    assert notice(DEMO, PROJECT).can_erase
    assert not notice(replace(DEMO, subject=()), PROJECT).can_erase


def test_only_where_people_may_agree_to_it_is_it_told_that_somebody_may_see():
    persons = replace(PROJECT.persons, requesters=("rita",), grantors_a=("abel",), grantors_b=("berta",))
    one_group = replace(persons, grantors_b=())
    projects = (replace(PROJECT, persons=persons), replace(PROJECT, persons=one_group))
    assert [notice(DEMO, project).can_see for project in projects] == [True, False]


def test_whom_to_write_to_is_the_policys_escalation_then_the_projects_then_its_owner():
    policy, project = replace(DEMO, escalation="dpo@p.example"), replace(PROJECT, escalation="dpo@project.example")
    assert notice(policy, project).contact == "dpo@p.example"
    assert notice(replace(DEMO, escalation=""), project).contact == "dpo@project.example"
    assert notice(replace(DEMO, escalation=""), replace(PROJECT, escalation="")).contact == DEMO.owner


def test_kinds_are_words():
    assert [kind_words(it) for it in ("PHONE_NUMBER", "IP_ADDRESS", "URL")] == [
        "phone number",
        "IP address",
        "URL",
    ]
