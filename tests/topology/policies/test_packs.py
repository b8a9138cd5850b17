from __future__ import annotations

from itertools import combinations

import pytest

from schemas.errors import ConfigError
from topology.policies import PACKS, Action, load_pack, load_policy_bytes, parse_policy, policy_bytes, stricter
from topology.policies.document import MAX_CATEGORIES, MAX_PACK_CATEGORIES
from topology.policies.packs import ParagraphEntry
from topology.policies.patterns import MAX_PACK_PATTERNS, MAX_PATTERNS

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\nfields: {t: detect}\n"


@pytest.mark.parametrize("name", PACKS)
def test_every_paragraph_names_its_source_and_hides_what_it_names(name):
    pack = load_pack(name)
    assert pack.source
    assert pack.not_covered
    assert len({paragraph.cites for paragraph in pack.paragraphs}) == len(pack.paragraphs)
    for paragraph in pack.paragraphs:
        for _category, action, weakest in paragraph.categories:
            assert Action.DETECT.strength <= weakest.action.strength
            assert weakest.strength <= action.strength


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_survives_publishing_and_is_named_with_its_version(name):
    policy = parse_policy(f"{HEAD}packs: [{name}]\n", "p")
    assert policy.packs == (f"{name}@1",)
    assert load_policy_bytes(policy_bytes(policy)) == policy


@pytest.mark.parametrize("pair", list(combinations(PACKS, 2)))
def test_of_two_packs_the_stricter_wins_category_by_category(pair):
    both = parse_policy(f"{HEAD}packs: [{', '.join(pair)}]\n", "p")
    one, two = (load_pack(name).actions() for name in pair)
    for category in {*one, *two}:
        asked = [pack[category] for pack in (one, two) if category in pack]
        assert both.treatment_for(category).strength >= stricter(*asked).strength


def test_the_order_in_which_packs_are_named_does_not_matter():
    one = parse_policy(f"{HEAD}packs: [gdpr, ccpa]\n", "p")
    assert parse_policy(f"{HEAD}packs: [ccpa, gdpr, gdpr]\n", "p").hash == one.hash


def test_a_published_policy_does_not_change_with_its_packs():
    data = policy_bytes(parse_policy(f"{HEAD}packs: [gdpr]\n", "p"))
    later = data.replace(b'"packs":["gdpr@1"]', b'"packs":["gdpr@9"]')
    assert load_policy_bytes(later).packs == ("gdpr@9",)


def test_a_pack_raises_mode_and_checksums_and_brings_its_patterns():
    detection = parse_policy(
        f"{HEAD}packs: [pci-dss]\ndetection: {{mode: fast, failed_checksum: show, years: show}}\n", "p"
    ).detection
    assert (detection.mode, detection.failed_checksum) == ("strict", "mask")
    assert "pci-dss:pin" in {pattern.name for pattern in detection.patterns}
    kept = parse_policy(f"{HEAD}packs: [pci-dss]\ndetection: {{mode: max}}\n", "p").detection
    assert kept.mode == "max"


@pytest.mark.parametrize("name", ["gdpr@7", "glba"])
def test_a_pack_that_is_not_here_is_refused_and_those_that_are_are_named(name):
    with pytest.raises(ConfigError, match=r"p\.yaml:6: packs.*gdpr"):
        parse_policy(f"{HEAD}packs: [{name}]\n", "p.yaml")


def test_a_pattern_named_as_one_of_a_pack_is_kept_beside_it():
    own = "detection: {patterns: [{name: pin, category: LAPEL, regex: 'pin [a-z]{3}'}]}\n"
    patterns = parse_policy(f"{HEAD}packs: [pci-dss]\n{own}", "p").detection.patterns
    named = {pattern.name: pattern.category for pattern in patterns}
    assert (named["pin"], named["pci-dss:pin"]) == ("LAPEL", "PIN")
    assert len(named) == len(patterns)


def test_no_pattern_of_ones_own_is_named_as_if_a_pack_brought_it():
    own = "detection: {patterns: [{name: 'pci-dss:pin', category: LAPEL, regex: ab}]}\n"
    with pytest.raises(ConfigError, match=r"p:6: detection\.patterns\.0\.name"):
        parse_policy(f"{HEAD}{own}", "p")


def test_as_many_patterns_and_categories_as_a_policy_may_have_can_be_published_with_every_pack():
    patterns = "".join(f"    - {{name: p{n}, category: X, regex: 'tk{n:03}'}}\n" for n in range(MAX_PATTERNS))
    categories = "".join(f"  X{n}: mask\n" for n in range(MAX_CATEGORIES))
    body = f"packs: [{', '.join(PACKS)}]\ncategories:\n{categories}detection:\n  patterns:\n{patterns}"
    policy = parse_policy(HEAD + body, "p")
    assert load_policy_bytes(policy_bytes(policy)) == policy
    with pytest.raises(ConfigError, match=r"detection\.patterns"):
        parse_policy(f"{HEAD}{body}    - {{name: more, category: X, regex: abc}}\n", "p")


def test_all_packs_together_stay_within_what_a_published_policy_may_hold():
    packs = [load_pack(name) for name in PACKS]
    assert sum(len(pack.patterns) for pack in packs) <= MAX_PACK_PATTERNS
    assert len({category for pack in packs for category in pack.actions()}) <= MAX_PACK_CATEGORIES


@pytest.mark.parametrize("never", ["generalize", "surrogate"])
def test_a_paragraph_that_forbids_its_own_action_is_refused(never):
    entry = {"cites": "1 (a)", "says": "dates", "categories": {"DATE_TIME": "surrogate"}}
    with pytest.raises(ValueError, match="`never` names its own action"):
        ParagraphEntry.model_validate(entry | {"weakest": "generalize", "never": [never]})
