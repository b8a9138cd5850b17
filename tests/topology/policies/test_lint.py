from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from topology.policies import BUILT_IN, load_policy, parse_policy
from topology.policies.lint import Concern, project_remarks, remarks
from topology.policies.model import Publish
from topology.project import Persons, Project

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
SOUND = "subject: [id]\nlabels: {spans: [A]}\n"
NOW = int(dt.datetime(2029, 6, 1, tzinfo=dt.UTC).timestamp() * 1000)
KNOWN = frozenset({"PERSON", "DATE_TIME", "CREDIT_CARD", "LOCATION"})


def said(body: str, now: int = NOW) -> list[tuple[str, str]]:
    policy = parse_policy(HEAD + SOUND + body, "p.yaml")
    return [(remark.concern, remark.where) for remark in remarks(policy, now, KNOWN)]


def test_a_sound_policy_gets_no_remark():
    assert said("fields: {text: detect, id: {category: PERSON}}\ncategories: {PERSON: mask}\n") == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_get_no_remark_but_that_text_names_nobody(name):
    found = {remark.concern for remark in remarks(load_policy(name), 0, KNOWN)}
    assert found <= {Concern.NO_SUBJECT}


@pytest.mark.parametrize(
    ("body", "concern", "where"),
    [
        (
            "fields: {text: detect, mail: {category: PERSON, action: token, scope: project}}",
            Concern.LINKABLE_TOKEN,
            "fields.mail",
        ),
        (
            "fields: {text: detect}\ncategories: {PERSON: {action: token, scope: dataset}}",
            Concern.LINKABLE_TOKEN,
            "categories.PERSON",
        ),
        (
            "fields: {text: detect}\ndefault_action: {action: token, scope: project}",
            Concern.LINKABLE_TOKEN,
            "default_action",
        ),
        ("fields: {text: detect, 'notes[].body': pass}", Concern.OPEN_PASS, "fields.notes[].body"),
        ("fields: {text: detect, customer.freeText: pass}", Concern.OPEN_PASS, "fields.customer.freeText"),
        ("fields: {text: detect, 'comments[]': drop}", Concern.HIDDEN_TEXT, "fields.comments[]"),
        ("fields: {text: detect}\ncategories: {DATE_TIME: pass}", Concern.SHOWN_CATEGORY, "categories.DATE_TIME"),
        ("fields: {product: pass}", Concern.NOTHING_SEARCHED, "fields"),
        ("fields: {text: detect}\ncategories: {PERSN: mask}", Concern.UNKNOWN_CATEGORY, "categories.PERSN"),
        (
            "fields: {text: detect}\nconditions: [{when: {language: de}, categories: {PERSN: mask}}]",
            Concern.UNKNOWN_CATEGORY,
            "conditions[0].categories.PERSN",
        ),
        (
            "fields: {text: detect}\nhints: {categories: {CITY: country}}",
            Concern.UNKNOWN_CATEGORY,
            "hints.categories.CITY",
        ),
    ],
)  # fmt: skip
def test_each_concern_is_told_with_its_place(body, concern, where):
    assert said(body + "\n") == [(concern, where)]


def test_a_token_within_the_record_links_nothing():
    assert said("fields: {text: detect, mail: {category: PERSON, action: token}}\n") == []


def test_a_misspelt_category_is_told_with_the_one_that_is_meant():
    policy = parse_policy(HEAD + SOUND + "fields: {text: detect}\ncategories: {PERSN: mask}\n", "p.yaml")
    (remark,) = remarks(policy, NOW, KNOWN)
    assert "did you mean PERSON?" in remark.text


@pytest.mark.parametrize(
    "body",
    [
        (
            "fields: {text: detect}\ncategories: {TICKET: mask}\n"
            "detection: {patterns: [{name: t, category: TICKET, regex: 'tk[0-9]{6}'}]}\n"
        ),
        "fields: {text: detect, badge: {category: BADGE}}\ncategories: {BADGE: mask}\n",
    ],
)
def test_a_policys_own_category_is_known(body):
    assert said(body) == []


@pytest.mark.parametrize(("days", "concern"), [(31, None), (30, Concern.REVIEW_NEAR), (-1, Concern.REVIEW_OVER)])
def test_a_review_is_told_a_month_before_and_when_it_is_over(days, concern):
    now = int((dt.datetime(2030, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=days)).timestamp() * 1000)
    assert [found for found, _ in said("fields: {text: detect}\n", now)] == ([concern] if concern else [])


def test_a_policy_that_names_nobody_and_asks_nothing_is_told_so():
    policy = parse_policy(HEAD + "fields: {text: detect}\n", "p.yaml")
    assert {remark.concern for remark in remarks(policy, NOW, KNOWN)} == {Concern.NO_SUBJECT, Concern.NO_ANSWER}


@pytest.mark.parametrize(
    ("gold", "told"),
    [("{bar: 80 %}", True), ("{leak_limit: 2 %}", True), ("{bar: 80 %, share: 1 %}", False), ("{}", False)],
)
def test_a_bar_or_a_limit_that_no_gold_is_there_for_is_told(gold, told):
    policy = parse_policy(HEAD + SOUND + f"fields: {{text: detect}}\ngold: {gold}\n", "p.yaml")
    assert [it.concern for it in remarks(policy, NOW, KNOWN)] == ([Concern.NO_GOLD] if told else [])


@pytest.mark.parametrize(("annotators", "told"), [(6, False), (5, True)])
def test_a_project_with_fewer_annotators_than_a_task_may_need_is_told(annotators, told):
    persons = Persons((), (), (), tuple(f"ann-{n}" for n in range(annotators)))
    project = Project("demo", "someone", 4, {}, persons)
    policy = parse_policy(HEAD + SOUND + "fields: {text: detect}\noverlap: 3\nextra: 2\n", "p.yaml")
    found = project_remarks(policy, project)
    assert [remark.concern for remark in found] == ([Concern.FEW_ANNOTATORS] if told else [])


def test_a_policy_that_publishes_open_is_told_what_that_means_and_where_nobody_opens_them():
    policy = parse_policy(HEAD + SOUND + "fields: {text: detect}\noverlap: 1\nextra: 0\npublish: open\n", "p.yaml")
    assert [(it.concern, it.where) for it in remarks(policy, NOW, KNOWN)] == [(Concern.OPEN_TEXTS, "publish")]
    project = Project("demo", "someone", 4, {}, Persons((), (), (), ("ann-1", "ann-2")))
    assert [it.concern for it in project_remarks(policy, project)] == [Concern.NOT_OPENED]
    assert project_remarks(policy, replace(project, open_texts=True)) == []
    assert project_remarks(replace(policy, publish=Publish.SEALED), project) == []
