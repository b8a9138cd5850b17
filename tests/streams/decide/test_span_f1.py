from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.span_f1 import exact_f1, mean_pairwise, overlap_f1
from tests.streams.decide.making import span, spans


def test_f1_is_twice_what_both_set_over_what_each_set():
    # Hripcsak and Rothschild (2005): F = 2a / (2a + b + c), a set by both, b and c by one of them only.
    one = [span(0, 4), span(5, 9), span(10, 14)]
    other = [span(0, 4), span(5, 9), span(20, 24), span(30, 34)]
    a, b, c = 2, 1, 2
    assert exact_f1(one, other) == pytest.approx(2 * a / (2 * a + b + c))
    assert overlap_f1(one, other) == pytest.approx(2 * a / (2 * a + b + c))


def test_a_span_with_other_bounds_counts_by_overlap_only_where_it_shares_more_than_half():
    assert (exact_f1([span(0, 6)], [span(0, 8)]), overlap_f1([span(0, 6)], [span(0, 8)])) == (0.0, 1.0)
    assert overlap_f1([span(0, 4)], [span(0, 8)]) == 0.0
    assert overlap_f1([span(4, 8)], [span(1, 8)]) == pytest.approx(1.0)


def test_another_label_or_field_is_another_span():
    assert overlap_f1([span(0, 6)], [span(0, 6, "PLACE")]) == 0.0
    assert overlap_f1([span(0, 6)], [span(0, 6, field="title")]) == 0.0


def test_nobody_setting_any_is_full_agreement_and_one_alone_is_none():
    assert (exact_f1([], []), overlap_f1([], [])) == (1.0, 1.0)
    assert (exact_f1([span(0, 4)], []), overlap_f1([], [span(0, 4)])) == (0.0, 0.0)


def test_a_span_set_twice_counts_once():
    assert exact_f1([span(0, 4), span(0, 4)], [span(0, 4)]) == 1.0


def test_the_mean_is_over_all_pairs_of_people():
    assert mean_pairwise(exact_f1, [[span(0, 4)], [span(0, 4)], []]) == pytest.approx(1 / 3)
    assert mean_pairwise(exact_f1, [[span(0, 4)]]) is None


@given(st.lists(spans(), max_size=6), st.lists(spans(), max_size=6))
def test_f1_is_the_same_from_either_side_and_more_lenient_by_overlap(one, other):
    exact, overlap = exact_f1(one, other), overlap_f1(one, other)
    assert (exact, overlap) == (exact_f1(other, one), overlap_f1(other, one))
    assert 0.0 <= exact <= overlap <= 1.0
