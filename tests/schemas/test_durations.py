from __future__ import annotations

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from schemas.durations import BOUNDS, ERROR, LONGEST_MS, bucket, counted, quantile, read, written

DURATIONS = st.lists(st.integers(1, LONGEST_MS), min_size=1, max_size=200)


@given(DURATIONS, st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_is_off_by_no_more_than_it_says(durations, share):
    exact = sorted(durations)[ceil(share * len(durations)) - 1]
    assert abs(quantile(counted(durations), share) - exact) <= ERROR * exact + 1


@given(DURATIONS, DURATIONS)
def test_two_sketches_added_are_the_sketch_of_both(ones, others):
    assert counted(ones) + counted(others) == counted(ones + others)


@given(DURATIONS)
def test_what_is_written_is_read_again(durations):
    assert read(written(counted(durations))) == counted(durations)


def test_the_scale_reaches_from_a_millisecond_to_the_longest():
    assert bucket(-5) == bucket(0) == bucket(1) == 0
    assert bucket(LONGEST_MS) == bucket(10 * LONGEST_MS) == len(BOUNDS) - 1


def test_nothing_has_no_quantile():
    assert quantile({}, 0.5) is None


def test_a_foreign_string_counts_nothing():
    assert read("x:1 3:-1 9999999:1 4 :2 5:99999999999 7:²") == {}
