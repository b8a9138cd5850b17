"""Tiers, packs and a policy's own words: the strictest wins, and nothing gets weaker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from topology.policies import (
    PACKS,
    Action,
    Target,
    Tier,
    Treatment,
    load_pack,
    load_policy_bytes,
    parse_policy,
    policy_bytes,
    raised,
    stricter,
)
from topology.policies.entries import OWN_TARGETS
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


HIPAA = load_pack("hipaa-safe-harbor")
LEFT_IN_PART = [
    category
    for paragraph in HIPAA.paragraphs
    if paragraph.cites[-3:] in {"(B)", "(C)"}
    for category, _, _ in paragraph.categories
]
"""Places and dates, of which the rule leaves the region or the year."""
DATES = {"AGE", "DATE_OF_BIRTH", "DATE_TIME", "YEAR"}
ALLOWED = {
    "AGE": {Target.AGE_TO_89, Target.BAND},
    "DATE_OF_BIRTH": {Target.YEAR_TO_89, Target.DECADE},
    "DATE_TIME": {Target.YEAR_TO_89, Target.DECADE},
    "YEAR": {Target.YEAR_TO_89, Target.DECADE},
    "LOCATION": {Target.REGION, Target.COUNTRY},
    "ZIP_CODE": {Target.ZIP3},
}
"""All that 45 CFR 164.514(b)(2)(i)(B) and (C) leave; of other places nothing."""


def everywhere(category: str, written: str, packs: str = HIPAA.name) -> list[Treatment]:
    """What comes of a treatment written for a category, a field, a tag; of a condition what it asks."""
    named = f"{written[:-1]}, category: {category}}}"
    policy = parse_policy(
        f"{HEAD}packs: [{packs}]\nfields: {{t: detect, f: {named}}}\ntags: {{T: {named}}}\n"
        f"categories: {{{category}: {written}}}\n"
        f"conditions: [{{when: {{near: at}}, categories: {{{category}: {written}}}}}]\n",
        "p",
    )
    assert load_policy_bytes(policy_bytes(policy)) == policy
    [(_, asked)] = policy.conditions[0].categories
    return [
        policy.treatment_for(category),
        policy.field_rule("f").treatment,
        policy.tag_rule("T").treatment,
        stricter(policy.treatment_for(category), asked),
    ]


@pytest.mark.parametrize("category", LEFT_IN_PART)
@pytest.mark.parametrize("target", Target)
def test_hipaa_no_place_or_date_is_generalized_to_what_the_rule_does_not_leave(category, target):
    written = f"{{action: generalize, to: {target}{', step: 2' if target is Target.RANGE else ''}}}"
    if target not in OWN_TARGETS[category]:
        with pytest.raises(ConfigError, match="is not for"):
            everywhere(category, written)
        return
    for one in everywhere(category, written):
        assert one.action is Action.PLACEHOLDER or one.to in ALLOWED[category]


@pytest.mark.parametrize("category", LEFT_IN_PART)
@pytest.mark.parametrize("action", [Action.TOKEN, Action.SURROGATE])
def test_hipaa_no_code_is_derived_from_a_place_or_date(category, action):
    forbidden = {Action.TOKEN} | ({Action.SURROGATE} if category in DATES else set())
    for packs in ("hipaa-safe-harbor", "hipaa-safe-harbor, gdpr", "ccpa, hipaa-safe-harbor"):
        for one in everywhere(category, f"{{action: {action}}}", packs):
            assert one.action not in forbidden


@pytest.mark.parametrize("pack", PACKS)
def test_where_a_pack_leaves_a_part_only_targets_that_can_be_ranked_are_allowed(pack):
    left = {name for name, one in load_pack(pack).weakest().items() if one.action is Action.GENERALIZE}
    assert left <= OWN_TARGETS.keys()


@given(st.lists(st.sampled_from(Target), min_size=2, max_size=4))
def test_of_unlike_targets_none_is_the_strictest_so_that_a_placeholder_is_left(targets):
    made = stricter(*(Treatment(Action.GENERALIZE, to) for to in targets))
    like = any(set(targets) <= set(own) for own in OWN_TARGETS.values())
    assert made.action is (Action.GENERALIZE if like else Action.PLACEHOLDER)


def test_a_range_does_not_reach_a_floor_of_decades_and_what_hides_all_reaches_every_floor():
    decade, narrow = Treatment(Action.GENERALIZE, Target.DECADE), Treatment(Action.GENERALIZE, Target.RANGE, 2)
    assert raised(narrow, decade, decade) == decade
    assert raised(Treatment(Action.TOKEN), decade, decade).action is Action.TOKEN
    assert raised(narrow, Treatment(Action.GENERALIZE), decade) == narrow


@pytest.mark.parametrize("rule", ["{category: US_SSN, action: detect}", "{category: US_SSN, detect: true}"])
def test_what_is_said_to_be_of_a_packs_category_is_not_left_to_detectors(rule):
    body = f"fields: {{f: {rule}, t: detect}}\ntags: {{T: {rule}}}\n"
    alone, packed = parse_policy(HEAD + body, "p"), parse_policy(f"{HEAD}packs: [hipaa-safe-harbor]\n{body}", "p")
    for policy, action in ((alone, Action.DETECT), (packed, Action.PLACEHOLDER)):
        assert policy.field_rule("f").action is policy.tag_rule("T").action is action
        assert policy.field_rule("t").action is Action.DETECT


def test_hipaa_what_is_forbidden_becomes_what_the_paragraph_asks():
    made = everywhere("DATE_OF_BIRTH", "{action: surrogate}")
    assert {(one.action, one.to) for one in made} == {(Action.GENERALIZE, Target.YEAR_TO_89)}
    assert {one.to for one in everywhere("ZIP_CODE", "{action: token}")} == {Target.ZIP3}


@given(
    st.lists(st.sampled_from(PACKS), unique=True).map(lambda names: [load_pack(name) for name in names]),
    st.sampled_from([Action.TOKEN, Action.SURROGATE, Action.PLACEHOLDER, Action.MASK, Action.DROP]),
    st.sampled_from([None, *Tier]),
    st.sampled_from([None, *Tier]),
    st.sampled_from(list(Action)),
)
def test_nothing_that_a_pack_forbids_comes_of_any_tier_or_default(packs, default, tier, field_tier, own):
    floors = Floors.of(Treatment(default), tier, packs)
    for category, never in floors.never.items():
        usual = floors.category(category, None)
        chosen = floors.category(category, Treatment(own))
        ruled = floors.rule(Treatment(own), category, field_tier, chosen)
        assert not {usual.action, chosen.action, ruled.action} & never
        assert floors.condition(category, Treatment(own)).action not in never
