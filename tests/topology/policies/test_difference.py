from __future__ import annotations

import pytest

from topology.policies import BUILT_IN, load_policy, parse_policy
from topology.policies.difference import Change, Effect, differences

HEAD = "name: p\nversion: {}\nowner: someone\nreview_by: 2030-01-01\n"
TEXT = "fields: {text: detect}\n"
ASKED = TEXT + "conditions:\n- {when: {near: at}, categories: {X: mask}}\n"
HINTS = TEXT + "hints: {categories: {CITY: country}"
MORE, LESS, OTHER = Effect.SHOWS_MORE, Effect.SHOWS_LESS, Effect.OTHER


def between(old: str, new: str) -> list[Change]:
    return differences(parse_policy(HEAD.format(1) + old, "old"), parse_policy(HEAD.format(2) + new, "new"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_policy_does_not_differ_from_itself(name):
    assert differences(load_policy(name), load_policy(name)) == []


def test_a_higher_version_alone_is_no_difference():
    assert between(TEXT, TEXT) == []


CHANGES = [
    ("fields: {a: pass}", "fields: {a: detect}", "fields.a", "pass", "detect", LESS),
    ("fields: {a: pass}", "fields: {a: pass, b: detect}", "fields.b", None, "detect", MORE),
    (
        "fields: {a: {category: X, action: mask}}", "fields: {a: {category: X}}",
        "fields.a", "mask X", "placeholder X", MORE,
    ),
    ("tags: {A: detect}", "tags: {A: drop}", "tags.A", "detect", "drop", LESS),
    (TEXT, TEXT + "categories: {X: pass}", "categories.X", None, "pass", MORE),
    (TEXT, TEXT + "categories: {X: mask}", "categories.X", None, "mask", LESS),
    (
        TEXT + "categories: {X: {action: token, scope: record}}",
        TEXT + "categories: {X: {action: token, scope: project}}",
        "categories.X", "token scope: record", "token scope: project", MORE,
    ),
    (TEXT, TEXT + "default_action: mask", "default_action", "placeholder", "mask", LESS),
    (TEXT, TEXT + "detection: {mode: fast}", "detection.mode", "strict", "fast", MORE),
    (TEXT, TEXT + "detection: {years: hide}", "detection.years", "show", "hide", LESS),
    (TEXT, TEXT + "detection: {allow: [bluebird]}", "detection.allow: bluebird", None, "listed", MORE),
    (TEXT + "detection: {deny: [bluebird]}", TEXT, "detection.deny: bluebird", "listed", None, MORE),
    (
        TEXT + "risk: {quarantine_above: 0.05}", TEXT + "risk: {quarantine_above: 0.02}",
        "risk.quarantine_above", "50000/1000000", "20000/1000000", LESS,
    ),
    (
        TEXT + "risk: {quarantine_above: 0.05, by_model: {m: 0.1}}",
        TEXT + "risk: {quarantine_above: 0.05, by_model: {m: 0.9}}",
        "risk.by_model.m", "100000/1000000", "900000/1000000", MORE,
    ),
    (
        TEXT + "risk: {quarantine_above: 0.05}", TEXT + "risk: {quarantine_above: 0.05, by_model: {m: 0.01}}",
        "risk.by_model.m", None, "10000/1000000", LESS,
    ),
    (
        TEXT + "risk: {quarantine_above: 0.05, by_model: {quarantine_above: 0.5}}",
        TEXT + "risk: {quarantine_above: 0.9, by_model: {quarantine_above: 0.5}}",
        "risk.quarantine_above", "50000/1000000", "900000/1000000", MORE,
    ),
    (
        TEXT + "risk: {quarantine_above: 0.05, by_model: {action: 0.1, m: 0.1}}",
        TEXT + "risk: {quarantine_above: 0.05, by_model: {action: 0.1, m: 0.9}}",
        "risk.by_model.m", "100000/1000000", "900000/1000000", MORE,
    ),
    (
        TEXT + "risk: {quarantine_above: 0.05}", TEXT + "risk: {quarantine_above: 0.05, by_model: {m: 0.9}}",
        "risk.by_model.m", None, "900000/1000000", MORE,
    ),
    (TEXT + "context: {purpose: p}", TEXT, "context.purpose", "p", None, MORE),
    (TEXT, TEXT + "context: {source: s}", "context.source", None, "s", LESS),
    (TEXT + "context: {source: s}", TEXT + "context: {source: t}", "context.source", "s", "t", MORE),
    (TEXT, TEXT + "context: {language: l}", "context.language", None, "l", MORE),
    (TEXT + "risk: {quarantine_above: 0.05}", TEXT, "risk.quarantine_above", "50000/1000000", None, MORE),
    (
        TEXT + "detection: {threshold: 0.5}", TEXT + "detection: {threshold: 0.7}",
        "detection.threshold", "500/1000", "700/1000", MORE,
    ),
    (TEXT, TEXT + "detection: {threshold: 1}", "detection.threshold", None, "1000/1000", MORE),
    (TEXT + "detection: {threshold: 0.1}", TEXT, "detection.threshold", "100/1000", None, MORE),
    (
        ASKED + "- {when: {near: at}, categories: {X: drop}}", ASKED,
        'conditions.{"near": ["at"]}.X', "drop and mask", "mask", MORE,
    ),
    (
        TEXT + "categories: {X: {action: generalize, to: decade}}",
        TEXT + "categories: {X: {action: generalize, to: range, step: 2}}",
        "categories.X", "generalize to: decade", "generalize step: 2 to: range", MORE,
    ),
    (
        ASKED.replace("mask", "{action: generalize, to: zip3}"),
        ASKED.replace("mask", "{action: generalize, to: year}"),
        'conditions.{"near": ["at"]}.X', "generalize to: zip3", "generalize to: year", MORE,
    ),
    (TEXT, TEXT + "language: de", "language", "en", "de", MORE),
    (TEXT, TEXT + "overlap: 2", "overlap", "3", "2", OTHER),
    (TEXT, TEXT + "labels: {spans: [A]}", "labels.spans: A", None, "listed", OTHER),
    (TEXT, TEXT + "publish: open", "publish", None, "open", MORE),
    (TEXT + "publish: open", TEXT + "publish: sealed", "publish", "open", None, LESS),
    (HINTS, HINTS + ", per_task: 4}", "hints.per_task", "3", "4", MORE),
    (HINTS, HINTS + ", per_hour: 4}", "hints.per_hour", "30", "4", LESS),
    (HINTS, HINTS + ", least: 20}", "hints.least", "10", "20", LESS),
    (HINTS, HINTS + ", apps: true}", "hints.apps", "false", "true", MORE),
    (
        HINTS, HINTS.replace("CITY: country", "CITY: country, LOCATION: country"),
        "hints.categories.LOCATION", None, "country", MORE,
    ),
    (
        HINTS.replace("CITY: country", "CITY: country, LOCATION: country"), HINTS,
        "hints.categories.LOCATION", "country", None, LESS,
    ),
    (
        TEXT + "conditions: [{when: {language: de}, categories: {X: mask}}]", TEXT,
        'conditions.{"language": ["de"]}.X', "mask", None, MORE,
    ),
    (
        TEXT + "conditions: [{when: {language: de}, categories: {X: mask}}]",
        TEXT + "conditions: [{when: {language: de}, categories: {X: drop}}]",
        'conditions.{"language": ["de"]}.X', "mask", "drop", LESS,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "was", "is_", "effect"), CHANGES)
def test_a_changed_rule_is_told_in_the_files_words_with_what_it_means(old, new, path, was, is_, effect):
    assert between(_closed(old), _closed(new)) == [Change(path, was, is_, effect)]


def _closed(text: str) -> str:
    """Hints are written open, so that more can be said of them."""
    return f"{text}{'}' * (text.count('{') - text.count('}'))}\n"


def test_hints_where_there_were_none_show_more_in_all_that_is_said_of_them():
    assert {change.effect for change in between(TEXT, _closed(HINTS))} == {MORE}
    assert {change.effect for change in between(_closed(HINTS), TEXT)} == {LESS}


def test_a_pattern_that_changes_is_one_change_by_which_it_may_find_less():
    old = TEXT + "detection: {patterns: [{name: t, category: T, regex: 'tk[0-9]{6}'}]}\n"
    new = TEXT + "detection: {patterns: [{name: t, category: T, regex: 'tk[0-9]{7}'}]}\n"
    (change,) = between(old, new)
    assert (change.path, change.effect) == ("detection.patterns.t", MORE)


def test_a_tier_of_a_searched_field_counts():
    (change,) = between(TEXT, "fields: {text: {action: detect, tier: confidential}}\n")
    assert (change.path, change.effect) == ("fields.text", LESS)
