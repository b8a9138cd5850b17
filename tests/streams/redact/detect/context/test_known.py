from __future__ import annotations

from functools import partial

import pytest

from streams.redact.detect.context.known import MAX_WORDS, Known
from tests.support.growth import repeated, require_linear


def known(*values: str) -> Known:
    return Known([(value, value) for value in values], {"the", "new", "will"}.__contains__)


def test_a_word_in_a_field_of_its_own_is_called_by_that_field():
    parts = known("smith@x.org", "Smith")
    assert parts.sure["smith"] == "Smith"


def test_the_words_of_prose_are_nobodys():
    assert known("word " * (MAX_WORDS + 1)).sure == {}


@pytest.mark.parametrize("value", ["", "x", "--", "\U0001f600"])
def test_a_value_of_next_to_nothing_is_not_looked_for(value):
    parts = known(value)
    assert [parts.sure, parts.likely, parts.wholes, parts.inside] == [{}] * 4


def test_everyday_words_are_only_looked_for_as_they_are():
    parts = known("Will")
    assert parts.sure == {"will": "Will"}
    assert [parts.likely, parts.inside] == [{}, {}]


def test_a_providers_domain_tells_of_nobody():
    assert "gmail" not in known("anna@gmail.com").sure
    assert "weber" in known("anna@weber.co.uk").sure


@pytest.mark.parametrize("unit", ["a ", "1 ", "a."])
@pytest.mark.parametrize("ending", ["", "@x.org"])
def test_a_long_value_is_taken_apart_in_time_by_its_length_only(unit, ending):
    require_linear(lambda text: known(text + ending).dates.days, partial(repeated, unit))
