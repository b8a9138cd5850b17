from __future__ import annotations

from functools import partial

import pytest

from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.spoken import spoken_forms
from tests.support.growth import repeated, require_linear


@pytest.mark.parametrize(
    "value",
    [
        "oh one seven one, two three four, five six seven eight",
        "Four one one one - one one one one",
        "one-two-three-four-five",
        "double five six seven eight nine",
        "twenty-three forty-five sixty-seven",
        "null eins sieben eins zwei drei vier fünf",
        "zéro six sept huit neuf un",
        "cinco cinco cinco uno dos",
        "zero uno due tre quattro",
        "siedem osiem dziewięć zero jeden",
    ],
)
def test_a_number_read_out_is_hidden_whole(covers, value):
    assert covers(f"my number is {value}, call me", value)


@pytest.mark.parametrize(
    "text",
    [
        "one two three four, and off we go",
        "call nine one one",
        "born in nineteen eighty-four",
        "two hundred and thirty five of us",
        "he has one or two, she has three or four, they have five",
        "someone two three four fives",
    ],
)
def test_numbers_in_words_that_are_nobodys_stay(text):
    assert PatternScanner(spoken_forms()).find(text) == []


@pytest.mark.parametrize("unit", ["one ", "o ", "one-", "one two three four x "])
def test_time_grows_with_the_length_only(unit):
    require_linear(PatternScanner(spoken_forms()).find, partial(repeated, unit))
