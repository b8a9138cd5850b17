from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.alpha import nominal_alpha

MISSING = "."
KRIPPENDORFF_2011_C = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Krippendorff (2011), section C: four observers, twelve units, some not observed by all."""
KRIPPENDORFF_2011_A = ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
"""Section A: two observers, binary data."""
KRIPPENDORFF_2011_B = ("a a b b d c c c e d d a", "b a b b b c c c e d d d")
"""Section B: two observers, nominal data."""


def units(observers: tuple[str, ...]) -> list[list[str]]:
    rows = [row.split() for row in observers]
    return [[answer for answer in column if answer != MISSING] for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("observers", "published"),
    [(KRIPPENDORFF_2011_A, 0.095), (KRIPPENDORFF_2011_B, 0.692), (KRIPPENDORFF_2011_C, 0.743)],
    ids=["A: binary", "B: nominal", "C: nominal with missing data"],
)
def test_the_published_examples_come_out_as_published(observers, published):
    assert nominal_alpha(units(observers)) == pytest.approx(published, abs=0.0005)


def test_full_agreement_is_1_and_what_chance_could_not_spoil_is_undefined():
    assert nominal_alpha([["a", "a"], ["b", "b"]]) == 1.0
    assert nominal_alpha([["a", "a"], ["a", "a"]]) is None
    assert nominal_alpha([]) is None
    assert nominal_alpha([["a"], ["b"]]) is None


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), max_size=8), st.randoms())
def test_neither_the_order_of_units_nor_of_people_matters(data, random):
    shuffled = [random.sample(unit, len(unit)) for unit in random.sample(data, len(data))]
    assert nominal_alpha(shuffled) == pytest.approx(nominal_alpha(data))
