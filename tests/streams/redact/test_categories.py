from __future__ import annotations

from streams.redact.categories import known_categories
from topology.policies import BUILT_IN, load_policy


def test_categories_of_rules_word_lists_and_packs_are_known():
    assert {"PERSON", "CREDIT_CARD", "IBAN_CODE", "UNUSUAL", "NUMBER", "DENIED"} <= known_categories()


def test_what_a_detector_finds_is_known(detector):
    texts = ["Eva Green of Berlin, eva@example.org, 030 901820, card 4111 1111 1111 1111, on 3 May 2024."]
    found = {find.entity_type for searched in detector.search(texts) for find in searched.finds}
    assert found <= known_categories()


def test_built_in_policies_name_known_categories_only():
    named = {category for name in BUILT_IN for category, _ in load_policy(name).categories}
    assert named <= known_categories()
