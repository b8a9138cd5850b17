"""Which revision a raw record is, and how a range is gone through: nothing twice, nothing left out in silence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.reredaction import Reredaction
from schemas.states import ReplayedOrder, ReplayedRange
from streams.redact.again.ranges import due, outlived, revision, step, taken_up

OFFSETS = st.integers(0, 40)


@st.composite
def orders(draw):
    """Orders with ranges that overlap in any way, on two partitions."""
    found = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        firsts = {partition: draw(OFFSETS) for partition in range(2)}
        ends = {partition: draw(OFFSETS) for partition in range(2)}
        found.append(taken_up(Reredaction(number, 1, 0), firsts, ends))
    return found


@given(orders())
def test_the_revisions_of_a_record_have_no_gaps_and_none_comes_twice(taken):
    for partition in range(2):
        for offset in range(41):
            covering = [
                one
                for one in taken
                if any(it.partition == partition and it.first <= offset < it.end for it in one.ranges)
            ]
            found = [revision(taken, one, partition, offset) for one in covering]
            assert found == list(range(2, 2 + len(covering)))


@given(st.data())
def test_every_offset_of_a_range_is_copied_once_or_missed_or_held_nothing(data):
    """A log whose records lie among markers, cut from the front while it is read, in pieces of any size."""
    first, end = sorted((data.draw(OFFSETS), data.draw(OFFSETS)))
    records = data.draw(st.sets(OFFSETS))
    at, start = ReplayedRange(0, first, end, first), 0
    copied, missed, reader = [], [], first
    while at.next < at.end:
        start = max(start, data.draw(st.integers(0, 41)))  # what is gone, is gone before it is read, or after
        late = data.draw(st.booleans())
        reader = reader if late else max(reader, start)
        there = sorted(offset for offset in records if offset >= reader)
        read = there[: data.draw(st.integers(0, 6))]
        passed = not [offset for offset in there if offset < end and offset not in read]
        reader = read[-1] + 1 if read else reader
        found = step(at, read, start, passed=passed)
        copied += found.copies
        missed += [offset for begin, after in found.missed for offset in range(begin, after)]
        at = found.after
    inside = {offset for offset in records if first <= offset < end}
    assert len(copied) == len(set(copied))
    assert len(missed) == len(set(missed))
    assert not set(copied) & set(missed)
    assert set(copied) <= inside <= set(copied) | set(missed)
    assert all(first <= offset < min(end, start) for offset in missed)


def test_nothing_is_missed_where_retention_has_taken_nothing():
    found = step(ReplayedRange(0, 0, 9, 0), [1, 4, 7, 11], 0, passed=False)
    assert (found.copies, found.missed, found.after.next) == ((1, 4, 7), (), 9)


def test_a_range_waits_for_what_is_not_read_yet():
    found = step(ReplayedRange(0, 0, 9, 2), [2, 3], 0, passed=False)
    assert (found.copies, found.after.next) == ((2, 3), 4)
    assert step(found.after, [], 0, passed=False).after == found.after


def test_what_is_gone_altogether_is_missed_and_over():
    found = step(ReplayedRange(0, 0, 9, 2), [20], 15, passed=True)
    assert (found.copies, found.missed, found.after.next) == ((), ((2, 9),), 9)


def order_of(number, end=9, *, ended=True):
    return ReplayedOrder(
        number, 1, 0, (ReplayedRange(0, 0, end, end),), copied=0, missed=0, ended=ended, ended_at=5
    )


def test_orders_are_taken_up_by_number_and_none_that_is_not_above_the_last():
    two, three = Reredaction(2, 1, 0), Reredaction(3, 1, 0)
    assert due([three, two], []) == two
    assert due([two, three, Reredaction(2, 9, 0)], [order_of(2)]) == three
    assert due([two, three], [order_of(3)]) is None


def test_an_order_is_forgotten_when_nothing_it_is_about_is_left():
    assert outlived(order_of(1), {0: 9}, before=6)
    assert not outlived(order_of(1), {0: 8}, before=6)
    assert not outlived(order_of(1), {0: 9}, before=5), "what it covers may be in quarantine still"
    assert not outlived(order_of(1, ended=False), {0: 9}, before=6)


def test_a_range_that_begins_behind_the_end_is_empty():
    assert taken_up(Reredaction(1, 1, 0), {0: 12}, {0: 9}).ranges == (ReplayedRange(0, 9, 9, 9),)
