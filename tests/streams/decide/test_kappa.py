from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.kappa import agreeing_pairs, cohen_kappa, fleiss_kappa

COHEN_1960 = ((88, 14, 18), (10, 40, 10), (2, 6, 12))
"""Cohen (1960), the matrix of 200 patients that gives kappa .492 (proportions .44, .07, .09 and so on)."""
FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
"""Fleiss (1971), table 1: thirty patients, six psychiatrists each, five diagnoses; a digit a diagnosis."""


def pairs(matrix: tuple[tuple[int, ...], ...]) -> list[tuple[str, str]]:
    return [
        (str(row), str(column))
        for row, counts in enumerate(matrix)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


def items(table: str) -> list[list[str]]:
    rows = [[int(digit) for digit in row] for row in table.split()]
    return [[str(category) for category, count in enumerate(row) for _ in range(count)] for row in rows]


def test_cohens_example_comes_out_as_published():
    assert cohen_kappa(pairs(COHEN_1960)) == pytest.approx(0.492, abs=0.0005)


def test_fleiss_example_comes_out_as_published():
    table = items(FLEISS_1971)
    assert {len(item) for item in table} == {6}
    assert sum(map(agreeing_pairs, table)) / 30 == pytest.approx(0.556, abs=0.0005)
    assert fleiss_kappa(table) == pytest.approx(0.430, abs=0.0005)


def test_krippendorffs_digitized_example_has_the_kappa_he_gives():
    # Krippendorff (1995), example A: Bertha and Bill part 24 stretches, 1 where they mark something.
    bertha, bill = "001111111100001111110000", "000011110000000110000000"
    assert cohen_kappa(list(zip(bertha, bill, strict=True))) == pytest.approx(0.385, abs=0.0005)


def test_what_chance_could_not_spoil_is_undefined():
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a"), ("a", "a")]) is None
    assert fleiss_kappa([]) is None
    assert fleiss_kappa([["a", "a"]]) is None


def test_uneven_or_lone_answers_are_refused_in_words():
    with pytest.raises(ValueError, match="equally many"):
        fleiss_kappa([["a", "b"], ["a", "b", "c"]])
    with pytest.raises(ValueError, match="two people"):
        agreeing_pairs(["a"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=20))
def test_kappa_is_the_same_from_either_side_and_at_most_1(answers):
    kappa = cohen_kappa(answers)
    assert kappa == cohen_kappa([(right, left) for left, right in answers])
    assert kappa is None or kappa <= 1.0
