"""Against published values, and against the binomial tail summed with exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.binomial import least_to_show, lower_bound, may_be_above, upper_bound


def tail(hits: int, of: int, share: float) -> float:
    """P(at most `hits`), exactly."""
    p = Fraction(share)
    return float(sum(comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(hits + 1)))


@pytest.mark.parametrize(
    ("hits", "of", "confidence", "low", "high"),
    [
        # Two-sided 95 % is one-sided 97.5 %. Newcombe 1998, table I, method 5 (Clopper-Pearson).
        (81, 263, 0.975, 0.2527, 0.3676),
        (15, 148, 0.975, 0.0578, 0.1617),
        (0, 20, 0.975, 0.0, 0.1684),
        (1, 29, 0.975, 0.0009, 0.1776),
        # Agresti and Coull 1998 on 0 of 10; Clopper and Pearson's own example is 3 of 10.
        (0, 10, 0.975, 0.0, 0.3085),
        (3, 10, 0.975, 0.0667, 0.6525),
    ],
)
def test_published_intervals(hits: int, of: int, confidence: float, low: float, high: float) -> None:
    assert lower_bound(hits, of, confidence) == pytest.approx(low, abs=5e-5)
    assert upper_bound(hits, of, confidence) == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(("of", "limit"), [(59, 0.05), (299, 0.01), (2995, 0.001)])
def test_the_published_least_numbers_without_a_failure(of: int, limit: float) -> None:
    """The sample sizes for 95 % confidence in 95, 99 and 99.9 % reliability without a failure (Wilks 1941)."""
    assert least_to_show(limit) == of
    assert upper_bound(0, of) <= limit < upper_bound(0, of - 1)


@given(st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of - 1), st.just(of))))
def test_at_the_upper_bound_the_tail_has_what_confidence_leaves(counts: tuple[int, int]) -> None:
    hits, of = counts
    assert tail(hits, of, upper_bound(hits, of)) == pytest.approx(0.05, abs=1e-9)
    assert lower_bound(of - hits, of) == pytest.approx(1 - upper_bound(hits, of), abs=1e-12)


@given(
    st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    st.floats(0.001, 0.999),
    st.sampled_from([0.95, 0.999]),
)
def test_a_share_is_compared_with_the_bound_as_the_bound_itself_is(counts, share, confidence) -> None:
    bound = upper_bound(*counts, confidence)
    if abs(bound - share) > 1e-9:
        assert may_be_above(*counts, share, confidence) == (bound > share)


def test_large_counts_stay_exact() -> None:
    """One in ten thousand of ten million: the normal approximation is good to six digits there."""
    assert upper_bound(1_000, 10_000_000) == pytest.approx(1.0535e-4, rel=1e-3)
    assert lower_bound(9_999_000, 10_000_000) == pytest.approx(1 - 1.0535e-4, rel=1e-6)


def test_nothing_counted_says_nothing_and_more_hits_than_counted_is_no_count() -> None:
    assert (upper_bound(0, 0), lower_bound(0, 0)) == (1.0, 0.0)
    for hits, of in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no count"):
            upper_bound(hits, of)
