"""The table and the checks say what the installed Presidio says. (Its import takes 2 s.)"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.redact.detect import presidio_table
from streams.redact.detect.presidio_checks import CHECKS
from streams.redact.detect.recognizers import load_recognizers, top_level_domains


@pytest.fixture(scope="module")
def predefined():
    """Presidio's recognizers by entity type."""
    return {one.supported_entities[0]: one for one in presidio_table._predefined()}


def test_the_table_is_what_the_installed_presidio_gives():
    assert presidio_table.table() == presidio_table.read()
    assert set(presidio_table.domains()) == top_level_domains()


def test_every_row_becomes_a_recognizer_with_the_check_of_its_type():
    loaded = load_recognizers()
    assert len(loaded) == len(presidio_table.read())
    assert {one.entity_type for one in loaded if one.check} == set(CHECKS)


def test_a_wrong_checksum_leaves_a_card_hidden_unless_the_policy_says_otherwise():
    by_policy = {mistyped: load_recognizers(mistyped=mistyped) for mistyped in (True, False)}
    cards = {
        key: [one.shape_suffices for one in some if one.entity_type == "CREDIT_CARD"]
        for key, some in by_policy.items()
    }
    assert all(cards[True])
    assert not any(cards[False])


# Presidio drops leading zeros before it computes, and takes two characters ("A4") for a driver's licence. Thirteen
# digits from 1 on are a point in time to us: no issuer's cards begin so.
@pytest.mark.parametrize("entity", sorted(set(CHECKS) - {"US_DRIVER_LICENSE"}))
def test_what_presidio_calls_valid_is_never_refused(predefined, entity):
    recognizer = predefined[entity]
    values = st.one_of(
        [st.from_regex(re.compile(one.regex, re.ASCII), fullmatch=True) for one in recognizer.patterns]
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values)
    def agree(drawn: str) -> None:
        value = drawn.strip()
        if not value.isascii() or value[0] == "0":
            return
        if entity == "CREDIT_CARD" and value[0] == "1" and sum(map(str.isdigit, value)) == 13:
            return
        theirs = recognizer.validate_result(value)
        refused = theirs is False or bool(recognizer.invalidate_result(value))
        ours = CHECKS[entity](value)
        assert ours is not False or refused
        assert ours is True or theirs is not True or refused

    agree()
