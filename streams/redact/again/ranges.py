"""Which offsets an order to redact again is about, and which revision each is. Pure.

When an order is taken up, its ranges are fixed, one a raw partition. The revision of a record under an order is 2
and one more for each earlier order whose range covers it, and for each earlier release that brought it back from
quarantine: no number is left out, whatever the orders, and whoever has the ranges can say it again. Orders are
carried out one after the other, by number. What retention has taken from one order it has taken from every later
one, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas.reredaction import Reredaction
from schemas.states import ReplayedOrder, ReplayedRange


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from a look at a partition: offsets to copy, stretches that are gone, the range after it."""

    copies: tuple[int, ...]
    missed: tuple[tuple[int, int], ...]
    """First and next offset of each."""
    after: ReplayedRange


def taken_up(
    order: Reredaction, firsts: Mapping[int, int], ends: Mapping[int, int], turn: int = 1
) -> ReplayedOrder:
    """An order with its ranges: by partition where it begins, and where `raw.P` ends now."""
    ranges = tuple(_range(partition, firsts[partition], end) for partition, end in sorted(ends.items()))
    return ReplayedOrder(order.number, order.policy, order.since, ranges, 0, 0, ended=False, turn=turn)


def due(in_force: Iterable[Reredaction], known: Iterable[ReplayedOrder]) -> Reredaction | None:
    """The next order to take up. Numbers rise: one that is not above all that were taken up never is."""
    last = max((one.number for one in known), default=0)
    return min((order for order in in_force if order.number > last), default=None)


def revision(
    orders: Iterable[ReplayedOrder], order: ReplayedOrder, partition: int, offset: int, turns: Iterable[int] = ()
) -> int:
    """Of a raw record under an order. `turns`: of the releases that brought this record back."""
    earlier = sum(one.number < order.number and covers(one, partition, offset) for one in orders)
    return 2 + earlier + sum(turn < order.turn for turn in turns)


def step(before: ReplayedRange, offsets: Sequence[int], start: int, *, passed: bool) -> Step:
    """`offsets` of records that were read after `before.next`, in order; `start`: the first offset that was still
    there when they had been read; `passed`: nothing of the range is left to be read.

    An offset between them that lies before `start` may have been a record when it was to be read: it is missed.
    (Or it never held one: a marker is not told from it any more.)
    """
    inside = tuple(offset for offset in offsets if before.next <= offset < before.end)
    over = passed or any(offset >= before.end for offset in offsets)
    missed, at = [], before.next
    for offset in (*inside, *((before.end,) if over else ())):
        if at < min(offset, start):
            missed.append((at, min(offset, start)))
        at = offset + 1
    after = before.end if over else at
    return Step(inside, tuple(missed), replace(before, next=after))


def outlived(order: ReplayedOrder, starts: Mapping[int, int], before: int) -> bool:
    """Whether nothing of what an order is about is still on `raw.P`, nor, since it ended before this time (in
    milliseconds), in quarantine: then no revision depends on it any more.
    """
    gone = all(it.end <= starts.get(it.partition, 0) for it in order.ranges)
    return order.ended and gone and order.ended_at < before


def _range(partition: int, first: int, end: int) -> ReplayedRange:
    first = min(first, end)
    return ReplayedRange(partition, first, end, first)


def covers(order: ReplayedOrder, partition: int, offset: int) -> bool:
    """Whether a raw record is in its ranges."""
    return any(it.partition == partition and it.first <= offset < it.end for it in order.ranges)
