from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.audit.covered import Covered

INTERVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda it: (it[0], sum(it))), max_size=15
)
EVERY = range(-2, 75)


@given(INTERVALS, st.randoms())
def test_it_holds_what_any_interval_holds_in_whatever_order_they_come(intervals, random):
    covered, shuffled = Covered(), list(intervals)
    random.shuffle(shuffled)
    for interval in shuffled:
        covered.add(*interval)
    assert [covered.holds(at) for at in EVERY] == [any(a <= at <= b for a, b in intervals) for at in EVERY]
    again = Covered()
    for interval in intervals:
        again.add(*interval)
    assert again == covered


@given(INTERVALS, st.integers(0, 80))
def test_what_is_forgotten_was_over(intervals, until):
    covered = Covered()
    for interval in intervals:
        covered.add(*interval)
    before = [covered.holds(at) for at in EVERY if at > until]
    left = covered.forget(until)
    assert [covered.holds(at) for at in EVERY if at > until] == before
    assert left == any(before) or max(b for _, b in intervals) >= EVERY.stop
