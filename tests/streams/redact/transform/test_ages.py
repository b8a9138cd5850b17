from __future__ import annotations

import pytest

from streams.redact.placeholders import PLACEHOLDER
from streams.redact.transform.ages import band, to_89


@pytest.mark.parametrize("age", ["[AGE_45]", "[AGE 45]", "[age_45]", "AGE_45", "{45}", "45]"])
def test_what_looks_like_a_placeholder_leaves_its_number_alone(age):
    assert (to_89(age), band(age)) == ("45", "40-49")
    assert PLACEHOLDER.search(to_89(age)) is None


@pytest.mark.parametrize("age", ["(45)", "45-year-old", "aged 45,", "she\u2019s 45 yo."])
def test_words_and_signs_of_an_age_stay(age):
    assert to_89(age) == age
