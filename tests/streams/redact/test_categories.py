from __future__ import annotations

import pytest

from streams.redact.categories import known_categories
from topology.policies import BUILT_IN, load_pack, load_policy

NO_DATES = {"DATE_TIME": "a day alone points at nobody", "YEAR": "nor does a year"}
NO_IDENTIFIERS = {
    "DENIED": "words that the policy itself lists",
    "PREFIX": "a form of address, as Dr",
}
LEFT_OUT = {
    "gdpr": NO_IDENTIFIERS | NO_DATES,
    "ccpa": NO_IDENTIFIERS | NO_DATES | {"CRIMINAL_RECORD": "1798.140 doesn't list it"},
    # What is said of somebody is what Safe Harbor lets stay, once nothing tells of whom it is said.
    "hipaa-safe-harbor": NO_IDENTIFIERS
    | dict.fromkeys(("BROWSING_HISTORY", "PRIVATE_MESSAGE", "PURCHASE_HISTORY"), "what somebody did")
    | dict.fromkeys(("CRIMINAL_RECORD", "EDUCATION", "IMMIGRATION_STATUS", "TITLE"), "what became of somebody")
    | dict.fromkeys(("ETHNICITY", "NRP", "POLITICAL_OPINION", "RELIGION", "TRADE_UNION"), "of what group one is")
    | dict.fromkeys(("HEALTH", "SEX_LIFE", "SEXUAL_ORIENTATION"), "what the records are about")
    | dict.fromkeys(("INFERENCE", "SENSITIVE"), "names of the CCPA for what follows from other data"),
}
"""Categories that a regulation doesn't name, and why. PCI DSS is about account data only."""


def test_categories_of_rules_word_lists_and_packs_are_known():
    assert {"PERSON", "CREDIT_CARD", "IBAN_CODE", "UNUSUAL", "NUMBER", "DENIED"} <= known_categories()


def test_what_a_detector_finds_is_known(detector):
    texts = ["Eva Green of Berlin, eva@example.org, 030 901820, card 4111 1111 1111 1111, on 3 May 2024."]
    found = {find.entity_type for searched in detector.search(texts) for find in searched.finds}
    assert found <= known_categories()


def test_built_in_policies_name_known_categories_only():
    named = {category for name in BUILT_IN for category, _ in load_policy(name).categories}
    assert named <= known_categories()


@pytest.mark.parametrize("pack", LEFT_OUT)
def test_whatever_detection_finds_is_in_each_pack_unless_its_regulation_does_not_name_it(pack):
    assert known_categories() - load_pack(pack).actions().keys() == LEFT_OUT[pack].keys()
