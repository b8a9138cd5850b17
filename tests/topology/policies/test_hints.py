"""What a policy may say of hints, and what it may not."""

from __future__ import annotations

import pytest

from schemas.errors import ConfigError
from topology.policies import load_policy_bytes, parse_policy, policy_bytes
from topology.policies.hints import LEAST, NO_HINTS, OF_CATEGORY, RULED, Hint, Hints

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\nfields: {text: detect}\n"
ALL = "hints: {categories: {CITY: country, DATE_TIME: decade, AGE: band}, per_task: 2, per_hour: 9, apps: true}\n"


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse_policy(HEAD + text, "p.yaml")
    return str(error.value)


def test_hints_survive_the_bytes_that_are_signed():
    policy = parse_policy(HEAD + ALL, "p")
    categories = (("AGE", Hint.BAND), ("CITY", Hint.COUNTRY), ("DATE_TIME", Hint.DECADE))
    assert policy.hints == Hints(categories, LEAST, per_task=2, per_hour=9, apps=True)
    assert load_policy_bytes(policy_bytes(policy)) == policy


def test_a_policy_without_hints_has_the_bytes_it_always_had():
    plain = parse_policy(HEAD, "p")
    assert plain.hints == NO_HINTS
    assert not plain.hints
    assert b"hints" not in policy_bytes(plain)
    assert parse_policy(HEAD + "hints: {per_task: 5}\n", "p").hash == plain.hash


@pytest.mark.parametrize("category", ["PERSON", "EMAIL_ADDRESS", "ADDRESS", "ORGANIZATION", "NUMBER", "TICKET"])
def test_there_are_no_hints_of_what_could_be_given_away(category):
    said = refused(f"hints: {{categories: {{{category}: country}}}}\n")
    assert said.startswith("p.yaml:6: hints.categories: ")
    assert "there are hints of AGE, " in said


@pytest.mark.parametrize("word", ["initials", "text", "region", "first-letter"])
def test_a_hint_is_one_of_a_few_words(word):
    assert "should be 'country', 'decade' or 'band'" in refused(f"hints: {{categories: {{CITY: {word}}}}}\n")


def test_a_hint_is_that_of_its_kind_of_value():
    assert "CITY: its hint is country" in refused("hints: {categories: {CITY: decade}}\n")


@pytest.mark.parametrize("hint", RULED)
def test_a_rule_that_too_few_share_is_refused(hint):
    category = next(name for name, own in OF_CATEGORY.items() if own is hint)
    body = f"hints: {{categories: {{{category}: {hint}}}, least: 11}}\n"
    assert f"10 values share a {hint}" in refused(body)
    assert parse_policy(HEAD + body.replace("11", "10"), "p").hints.least == 10


def test_fewer_than_ten_never_share_a_hint():
    assert "hints.least: should be greater than or equal to 10" in refused("hints: {least: 9}\n")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("categories: {CITY: mask}\n", "CITY gets none"),
        ("default_action: mask\n", "CITY gets none"),
        ("tier: confidential\n", "its tier or a pack"),
        (
            "conditions: [{when: {near: at}, categories: {CITY: placeholder}}]\n",
            "a condition wants CITY kept whole",
        ),
    ],
)
def test_hints_obey_tier_actions_and_conditions(body, why):
    said = refused(body + "hints: {categories: {CITY: country}}\n")
    assert said.startswith("p.yaml:7: hints.categories.CITY: ")
    assert why in said


def test_a_pack_that_lets_a_text_show_as_much_lets_a_hint():
    body = "packs: [hipaa-safe-harbor]\ncategories: {LOCATION: placeholder}\n"
    hints = "hints: {categories: {LOCATION: country}}\n"
    assert parse_policy(HEAD + body + hints, "p").hints.of("LOCATION") is Hint.COUNTRY
