from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from topology.policies import BUILT_IN, Action, load_policy, load_policy_bytes, parse_policy, policy_bytes

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse_policy(text, "p.yaml")
    return str(error.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_survive_their_bytes(name):
    policy = load_policy(name)
    assert load_policy_bytes(policy_bytes(policy)) == policy
    assert len(policy.hash) == 64
    assert policy.id == f"{name}@1"


def test_policy_file_is_loaded_by_path(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(HEAD + "fields: {text: detect}\n")
    policy = load_policy(file)
    assert policy.field_rule("text").action is Action.DETECT
    assert policy.field_rule("other") is None
    assert (policy.overlap, policy.extra, policy.segment_hours) == (3, 2, 168)


def test_same_content_in_another_order_has_the_same_hash():
    one = parse_policy(HEAD + "fields:\n  a: pass\n  b: detect\n", "one")
    two = parse_policy("fields: {b: detect, a: pass}\n" + HEAD, "two")
    assert one.hash == two.hash
    assert one == two


def test_one_changed_word_changes_the_hash():
    one = parse_policy(HEAD + "fields: {a: pass}\n", "one")
    assert one.hash != parse_policy(HEAD + "fields: {a: detect}\n", "two").hash


def test_category_gives_the_action_where_a_rule_has_none():
    policy = parse_policy(HEAD + "categories: {PERSON: mask}\nfields: {a: {category: PERSON}}\n", "p")
    assert policy.field_rule("a").action is Action.MASK
    assert policy.action_for("PERSON") is Action.MASK
    assert policy.action_for("OTHER") is Action.PLACEHOLDER


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("fields:\n  text: sing\n", "p.yaml:6: fields.text.action: Input should be 'pass'"),
        ("fields: {text: detect}\nfoo: 1\n", "p.yaml:6: foo: Extra inputs are not permitted; allowed here: name"),
        ("fields: {text: detect}\noverlap: 10\n", "p.yaml:6: overlap"),
        ("fields: {text: detect}\noverlap: 0\n", "p.yaml:6: overlap"),
        ("fields: {text: {action: mask}}\n", "needs a category"),
        ("fields: {text: {detect: true, action: mask}}\n", "not both"),
        ("tags: {PII: pass}\n", "a tag is set by the producer"),
        ("default_action: pass\nfields: {a: pass}\n", "must hide"),
        ("categories: {PERSON: detect}\nfields: {a: pass}\n", "is for fields"),
        ("labels: {choices: {tone: [good]}}\nfields: {a: pass}\n", "labels.choices.tone"),
        ("labels: {spans: [A, A]}\nfields: {a: pass}\n", "differ"),
        ("fields: {a: pass}\nfields: {b: pass}\n", "p.yaml:6: fields: given twice"),
        ("fields: {a..b: pass}\n", "fields.a..b"),
        (
            "detection: {patterns: [{name: x, category: X, regex: '(a'}]}\nfields: {a: pass}\n",
            "no regular expression",
        ),
        ("detection: {patterns: [{name: x, category: X, regex: 'a*'}]}\nfields: {a: pass}\n", "empty string"),
        ("detection: {patterns: [{name: x, category: X, regex: 'é+'}]}\nfields: {a: pass}\n", "ASCII"),
        ("", "names no field"),
        ("x: &a 1\ny: *a\n", "aliases"),
        ("x: [1\n", "no YAML"),
        ("x: " + "[" * 40 + "]" * 40 + "\n", "nested deeper"),
        ("? [a]\n: 1\n", "no YAML"),
    ],
)
def test_wrong_policy_names_line_path_and_what_is_allowed(body, said):
    assert said in refused(HEAD + body)


@pytest.mark.parametrize("text", ["", "just a word", "- a\n- b\n", "[" * 300])
def test_file_that_is_no_mapping_is_refused(text):
    assert refused(text).startswith("p.yaml")


def test_missing_file_names_the_built_in_policies(tmp_path):
    with pytest.raises(ConfigError, match="demo, text"):
        load_policy(tmp_path / "none.yaml")


def test_published_bytes_in_another_form_are_refused():
    data = policy_bytes(load_policy("demo"))
    with pytest.raises(ConfigError, match="canonical"):
        load_policy_bytes(data + b" ")
    with pytest.raises(ConfigError, match="format"):
        load_policy_bytes(json.dumps(json.loads(data) | {"format": 2}).encode())


@given(st.binary(max_size=200))
def test_foreign_bytes_are_no_policy(data):
    with pytest.raises(ConfigError):
        load_policy_bytes(data)


def test_strengths_rise_from_pass_to_drop():
    order = [Action.PASS, Action.DETECT, Action.PLACEHOLDER, Action.MASK, Action.DROP]
    assert sorted(order, key=lambda action: action.strength) == order


def test_policies_are_immutable_and_can_be_keys():
    policy = load_policy("text")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.name = "x"
    assert {policy: 1}[load_policy("text")] == 1
