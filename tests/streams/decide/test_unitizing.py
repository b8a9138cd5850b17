from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.unitizing import disagreement, unitizing_alpha
from tests.support.growth import repeated, require_linear

SHIFT = 150
CONTENT_ANALYSIS = (
    {"c": [(225, 295), (370, 400)], "k": [(180, 240), (300, 350)]},
    {"c": [(220, 300), (355, 375), (400, 420)], "k": [(180, 240), (300, 350)]},
)
"""Krippendorff, "Content Analysis" (2004), p. 254: two observers, a continuum from 150 to 450."""
EXAMPLES_1995 = {
    "A": (((2, 10), (14, 20)), ((4, 8), (15, 17))),
    "B": (((0, 18),), ((0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 9), (9, 10))),
    "C": (((2, 8), (10, 12), (14, 18), (20, 22)), ((0, 2), (4, 8), (10, 14), (16, 18), (20, 22))),
    "D": (
        ((0, 2), (2, 10), (10, 14), (14, 20), (20, 24)),
        ((0, 4), (4, 8), (8, 15), (15, 17), (17, 24)),
    ),
}
"""Krippendorff (1995), p. 57: four pairs of observers, a continuum of 24."""


def shifted(marks):
    return {name: [(start - SHIFT, end - SHIFT) for start, end in bounds] for name, bounds in marks.items()}


def test_the_example_of_content_analysis_comes_out_as_published():
    people = [shifted(marks) for marks in CONTENT_ANALYSIS]
    c, k = (disagreement([marks[name] for marks in people], 300) for name in "ck")
    assert (c.observed, k.observed) == (pytest.approx(0.0144, abs=0.0001), 0.0)
    assert (c.expected, k.expected) == (pytest.approx(0.0532, abs=0.0001), pytest.approx(0.0490, abs=0.0001))
    assert unitizing_alpha(people, 300) == pytest.approx(0.8591, abs=0.0005)


@pytest.mark.parametrize(("name", "published"), [("A", 0.03125), ("B", 2.26736), ("C", 0.02777), ("D", 0.38715)])
def test_observed_disagreement_of_the_1995_examples_is_as_published(name, published):
    assert disagreement(EXAMPLES_1995[name], 24).observed == pytest.approx(published, abs=0.00001)


@pytest.mark.parametrize(("name", "published"), [("A", 0.553), ("B", -0.926), ("C", 0.679), ("D", 0.066)])
def test_alpha_of_the_1995_examples_is_as_published_for_a_fine_measure(name, published):
    # The paper gives the limit of ever finer units of length. Its expected disagreement has a sign that the
    # author corrected in 2004; that moves alpha by less than 0.02.
    fine = 10_000
    people = [{name: [(start * fine, end * fine) for start, end in marks]} for marks in EXAMPLES_1995[name]]
    assert unitizing_alpha(people, 24 * fine) == pytest.approx(published, abs=0.02)


def test_same_marks_agree_fully_and_no_marks_at_all_say_nothing():
    assert unitizing_alpha([{"a": [(0, 4)]}, {"a": [(0, 4)]}, {"a": [(0, 4)]}], 20) == 1.0
    assert unitizing_alpha([{}, {}], 20) is None
    assert unitizing_alpha([{"a": [(0, 4)]}], 20) is None
    assert unitizing_alpha([{"a": []}, {"a": []}], 0) is None


def test_the_nearer_two_marks_are_the_better_they_agree():
    found = [unitizing_alpha([{"a": [(10, 20)]}, {"a": [(10 + by, 20 + by)]}], 60) for by in (0, 1, 3, 6, 12)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[-1] < 0


def test_another_name_for_the_same_stretch_is_disagreement():
    assert unitizing_alpha([{"a": [(10, 20)]}, {"b": [(10, 20)]}], 60) < 0.1


def naive_observed(people, length: int) -> float:
    """The formula as it is written: over all pairs of people and all pairs of their sections."""

    def sections(marks):
        parts, at = [], 0
        for start, end in marks:
            parts += [(at, start, 0)] * (start > at) + [(start, end, 1)]
            at = end
        return parts + [(at, length, 0)] * (length > at)

    def delta(one, other):
        (b1, e1, v1), (b2, e2, v2) = one, other
        l1, l2, apart = e1 - b1, e2 - b2, b1 - b2
        if v1 and v2 and -l1 < apart < l2:
            return apart**2 + (e1 - e2) ** 2
        if v1 and not v2 and l2 - l1 >= apart >= 0:
            return l1**2
        if v2 and not v1 and l2 - l1 <= apart <= 0:
            return l2**2
        return 0

    parts = [sections(marks) for marks in people]
    total = sum(
        delta(one, other)
        for i, mine in enumerate(parts)
        for j, theirs in enumerate(parts)
        if i != j
        for one in mine
        for other in theirs
    )
    return total / (len(people) * (len(people) - 1) * length**2)


@st.composite
def marks(draw, length: int = 30):
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    return tuple(zip(cuts[::2], cuts[1::2], strict=False))


@given(st.lists(marks(), min_size=2, max_size=4))
def test_walking_along_the_sections_gives_what_all_pairs_give(people):
    assert disagreement(people, 30).observed == pytest.approx(naive_observed(people, 30))


@given(st.lists(marks(), min_size=2, max_size=4), st.randoms())
def test_the_order_of_people_changes_nothing(people, random):
    mixed = random.sample(people, len(people))
    one, other = ([{"a": bounds} for bounds in some] for some in (people, mixed))
    assert unitizing_alpha(one, 30) == pytest.approx(unitizing_alpha(other, 30))


def test_marks_of_one_person_that_overlap_count_as_one_and_those_that_touch_as_two():
    joined = disagreement([[(0, 6)], [(0, 4), (2, 6)]], 20)
    assert joined.observed == 0.0
    assert disagreement([[(0, 6)], [(0, 4), (4, 6)]], 20).observed > 0.0


def test_time_grows_with_the_number_of_marks_only():
    def work(text: str) -> object:
        marks = [(at, at + 3) for at in range(0, len(text) - 8, 8)]
        return unitizing_alpha([{"a": marks}, {"a": [(start + 1, end + 1) for start, end in marks]}], len(text))

    require_linear(work, lambda length: repeated(".", length))
