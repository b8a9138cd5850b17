"""Tiers, packs and a policy's own words: the strictest wins, and nothing gets weaker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.policies import Action, Tier, Treatment, load_policy_bytes, parse_policy, policy_bytes
from topology.policies.floors import Floors

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"


def action_of(field: str, *, tier: str = "", body: str = "") -> str:
    top = f"tier: {tier}\n" if tier else ""
    return parse_policy(f"{HEAD}{top}fields: {{f: {field}}}\n{body}", "p").field_rule("f").action.value


@pytest.mark.parametrize(
    ("tier", "value", "text"),
    [
        ("public", "pass", "pass"),
        ("internal", "placeholder", "detect"),
        ("confidential", "placeholder", "detect"),
        ("restricted", "mask", "mask"),
    ],
)
def test_a_tier_raises_what_is_too_weak_for_it(tier, value, text):
    for field, top in (("{category: X, action: pass, tier: %s}", ""), ("{category: X, action: pass}", tier)):
        assert action_of(field % tier if "%" in field else field, tier=top) == value
    assert action_of(f"{{action: pass, tier: {tier}}}") == text
    assert action_of("pass", tier=tier) == text
    assert action_of(f"{{tier: {tier}}}") == text


@pytest.mark.parametrize(
    ("tier", "allowed"),
    [
        ("public", "pass generalize token surrogate placeholder mask drop"),
        ("internal", "generalize token surrogate placeholder mask drop"),
        ("confidential", "surrogate placeholder mask drop"),
        ("restricted", "mask drop"),
    ],
)
def test_a_tier_allows_every_action_from_its_weakest_upwards(tier, allowed):
    for action in ["pass", "generalize", "token", "surrogate", "placeholder", "mask", "drop"]:
        kept = action_of(f"{{category: DATE_TIME, action: {action}, tier: {tier}}}") == action
        assert kept is (action in allowed.split())


def test_the_tier_of_a_dataset_raises_categories_and_the_default():
    policy = parse_policy(
        f"{HEAD}tier: restricted\nfields: {{t: detect, u: {{category: X}}}}\ncategories: {{Y: pass}}\n", "p"
    )
    assert {policy.action_for(kind) for kind in ("X", "Y", "ANYTHING")} == {Action.MASK}
    assert policy.field_rule("t").action is Action.MASK
    assert policy.field_rule("t").category == "RESTRICTED"


def test_a_fields_own_tier_stands_in_place_of_the_datasets():
    assert action_of("{action: pass, tier: public}", tier="confidential") == "pass"


def test_the_tier_of_a_searched_field_raises_what_is_found_in_it():
    policy = parse_policy(
        f"{HEAD}fields: {{t: {{action: detect, tier: confidential}}}}\ncategories: {{X: pass}}\n", "p"
    )
    assert policy.treatment_for("X").action is Action.PASS
    assert policy.treatment_for("X", policy.field_rule("t").tier).action is Action.PLACEHOLDER


def test_a_tag_may_carry_a_tier_but_not_a_public_one():
    policy = parse_policy(f"{HEAD}fields: {{t: detect}}\ntags: {{SECRET: {{tier: restricted}}}}\n", "p")
    assert policy.tag_rule("SECRET").action is Action.MASK


@given(
    st.sampled_from(list(Action)),
    st.sampled_from(list(Action)),
    st.sampled_from([None, *Tier]),
    st.sampled_from([None, *Tier]),
    st.sampled_from([None, *Action]),
)
def test_floors_never_make_anything_weaker(own, default, tier, field_tier, weakest):
    packs = {"X": Treatment(weakest)} if weakest else {}
    floors = Floors(Treatment(default), tier, packs, packs)
    category = floors.category("X", Treatment(own))
    assert category.strength >= Treatment(own).strength
    if weakest:
        assert category.strength >= Treatment(weakest).strength
    if tier:
        assert category.action.strength >= tier.weakest_value.strength
    rule = floors.rule(Treatment(own), "X", field_tier, category)
    assert rule.strength >= Treatment(own).strength


@given(st.sampled_from([None, *Tier]), st.sampled_from(list(Action)), st.sampled_from([None, *Tier]))
def test_a_policy_with_tiers_survives_publishing(tier, action, field_tier):
    category = "" if action in {Action.PASS, Action.DETECT, Action.DROP} else "category: DATE_TIME, "
    own = f", tier: {field_tier.value}" if field_tier else ""
    body = f"fields: {{f: {{{category}action: {action.value}{own}}}}}\n"
    policy = parse_policy(HEAD + (f"tier: {tier.value}\n" if tier else "") + body, "p")
    assert load_policy_bytes(policy_bytes(policy)) == policy
