"""How long something did not work, without flattering it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from deploy.compose.recovery import BOUND_S, Recovery, recovery

ROUNDED = 0.01


def test_what_works_on_at_first_and_fails_then_has_recovered_when_it_works_again():
    found = recovery("x", [9.0, 10.1, 10.3, 17.8, 17.9, 18.0], 10.0)
    assert found == Recovery("x", first_s=0.1, gap_s=7.5, until_s=7.8, seen_s=8.0)


def test_what_fails_at_once_has_recovered_with_the_first_that_works():
    assert recovery("x", [14.0, 14.1], 10.0) == Recovery("x", first_s=4.0, gap_s=4.0, until_s=4.0, seen_s=4.1)


def test_what_fails_again_after_its_longest_failure_has_recovered_when_the_last_one_ends():
    works = [15.0, 15.5, 16.0, 20.5, 20.6]
    assert recovery("x", works, 10.0) == Recovery("x", first_s=5.0, gap_s=5.0, until_s=10.5, seen_s=10.6)


def test_what_never_failed_for_longer_than_the_bound_has_recovered_at_once():
    works = [10.0 + 0.8 * it for it in range(1, 10)]
    assert recovery("x", works, 10.0) == Recovery("x", first_s=0.8, gap_s=0.8, until_s=0.0, seen_s=7.2)


def test_what_worked_before_the_kill_does_not_count():
    assert recovery("x", [9.0, 9.9], 10.0) is None


@given(some.lists(some.floats(0, 100), min_size=1), some.floats(0, 50))
def test_no_gap_longer_than_the_bound_begins_after_the_end_that_is_told(moments, killed):
    found = recovery("x", moments, killed)
    after = sorted(it for it in moments if it >= killed)
    if found is None:
        assert not after
        return
    later = [
        (begun, ended) for begun, ended in pairwise([killed, *after]) if begun - killed > found.until_s + ROUNDED
    ]
    assert all(ended - begun <= BOUND_S for begun, ended in later)
    at_or_after = [(begun, ended) for begun, ended in pairwise([killed, *after]) if ended - begun > BOUND_S]
    assert bool(at_or_after) == (found.until_s > 0)
    assert max((ended for _, ended in at_or_after), default=killed) - killed <= found.until_s + ROUNDED


@given(some.lists(some.floats(0, 100), min_size=1), some.floats(0, 50))
def test_no_gap_is_longer_than_the_one_that_is_told(moments, killed):
    found = recovery("x", moments, killed)
    if found is not None:
        after = sorted(it for it in moments if it >= killed)
        gaps = [later - earlier for earlier, later in pairwise([killed, *after])]
        assert abs(max(gaps) - found.gap_s) <= ROUNDED
        assert 0 <= found.first_s <= found.seen_s
        assert 0 <= found.until_s <= found.seen_s
