"""Someone who knows the rule and all that is published tries to find a small count."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.metrics import SUPPRESSED_BELOW, Cell
from streams.watch.suppression import Published, shown, sum_may_be_shown


def published(table: tuple[int, ...], below: int) -> tuple:
    """All that is ever seen of one count: each short window, then the long one."""
    before = Published()
    windows = [before.short("policy", {Cell.LABELS: count}, below) for count in table]
    whole = before.long("policy", {Cell.LABELS: sum(table)}, len(table), below)
    return *(it.get(Cell.LABELS) for it in windows), whole.get(Cell.LABELS)


@pytest.mark.parametrize(("below", "windows"), [(2, 4), (2, 6), (3, 3), (3, 4), (3, 5), (4, 4), (10, 2)])
def test_no_small_count_is_determined_by_everything_published(below, windows):
    """Every table there is; those that look alike from outside must differ in each of their small counts."""
    looks_like = defaultdict(list)
    for table in product(range(below + 2), repeat=windows):
        looks_like[published(table, below)].append(table)
    for tables in looks_like.values():
        for at in range(windows):
            possible = {table[at] for table in tables}
            assert len(possible) > 1 or min(possible) >= below, (below, tables)


@given(st.lists(st.integers(0, 25), min_size=2, max_size=60))
def test_by_linear_algebra_no_small_count_follows(table):
    """The only equation is the sum: with it a hidden count is known if it is alone, or all are at an end."""
    seen = published(tuple(table), SUPPRESSED_BELOW)
    hidden = [count for count, out in zip(table, seen, strict=False) if out is None]
    if seen[-1] is None or not hidden:
        return
    rest = seen[-1] - sum(it for it in seen[:-1] if it is not None)
    most = SUPPRESSED_BELOW - 1
    low, high = max(0, rest - most * (len(hidden) - 1)), min(most, rest)
    assert low < high


@given(st.lists(st.one_of(st.just(0), st.integers(0, 25)), min_size=2, max_size=60))
def test_what_the_published_short_windows_leave_of_the_long_one_is_not_small_either(table):
    seen = published(tuple(table), SUPPRESSED_BELOW)
    short = [count for count in seen[:-1] if count is not None]
    if seen[-1] is not None:
        rest, hidden = seen[-1] - sum(short), len(table) - len(short)
        assert rest >= SUPPRESSED_BELOW if hidden else rest == 0


def test_counts_under_ten_are_left_out():
    assert shown({"labels": 9, "views": 10, "skips": 0}) == {"views": 10}


def test_one_hidden_window_hides_the_sum():
    assert not sum_may_be_shown(total=104, published=100, hidden=1)


def test_hidden_windows_that_hold_nothing_or_all_they_can_hide_the_sum():
    assert not sum_may_be_shown(total=100, published=100, hidden=5)
    assert not sum_may_be_shown(total=118, published=100, hidden=2)
    assert sum_may_be_shown(total=117, published=100, hidden=2)
    assert sum_may_be_shown(total=110, published=100, hidden=2)
    assert not sum_may_be_shown(total=109, published=100, hidden=2)


def test_a_sum_of_nothing_hidden_is_shown():
    assert sum_may_be_shown(total=20, published=20, hidden=0)
    assert not sum_may_be_shown(total=9, published=0, hidden=60)


def test_a_count_that_short_windows_never_tell_is_shown_of_the_long_one():
    before = Published()
    assert before.short("policy", {Cell.TASKS: 500}) == {}
    assert before.long("policy", {Cell.TASKS: 500, Cell.REPORTS: 9}, 60) == {Cell.TASKS: 500}
