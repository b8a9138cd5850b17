"""Whether texts in clear have been taken back, as it looks from outside."""

from __future__ import annotations

import pytest

from streams.opener.opened import Opened
from streams.opener.overdue import BACK_WITHIN_MS, Left, texts_place
from streams.opener.retracted import AGAIN_MS, Retracted
from tests.streams.opener.making import CODEC, segment
from topology.retained import Fault, Place

NOW = 1_700_000_000_000


def looked_at(
    lying: dict[int, tuple[str, ...]],
    *history: tuple[int, int, tuple[str, ...]],
    said: bool | None = True,
    twice: int = 0,
) -> Place:
    """`history`: of segments, how long ago which tasks were left. `said`: in the project's file. `twice`: how long
    ago a text was taken back whose second tombstone has not come.
    """
    opened = Opened("opener-state.demo", CODEC)
    for sequence, tasks in lying.items():
        opened.add(segment(sequence), tasks)
    retracted = Retracted("opener-state.demo", CODEC)
    if twice:
        retracted.add(("z",), NOW - twice)
    left = [Left(segment(sequence), NOW - age, frozenset(tasks)) for sequence, age, tasks in history]
    return texts_place("open.demo", opened, left, retracted, NOW, open_texts=said)


def test_what_has_its_mapping_lies_there_rightly():
    found = looked_at({1: ("a", "b"), 2: ("c",)}, (1, 10**9, ("a", "b")), (2, 10**9, ("c", "d")))
    assert (found.place, found.held, found.fault, found.why) == ("open.demo, in clear", 3, None, "")


@pytest.mark.parametrize("left", [(), ("b",)])
@pytest.mark.parametrize(("age", "late"), [(BACK_WITHIN_MS, False), (BACK_WITHIN_MS + 1, True)])
def test_what_has_lost_it_is_overdue_an_hour_later_whatever_happens_to_others_of_its_segment(left, age, late):
    found = looked_at({1: ("a",)}, (1, 10**9, ("a", "b", "c")), (1, age, (*left, "c")), (1, 5, left))
    assert found.fault is (Fault.OVERDUE if late else None)
    assert ("1 lie in clear although their mapping has ended" in found.why) is late


def test_where_no_record_is_left_that_tells_when_it_is_overdue():
    assert looked_at({1: ("a",)}).fault is Fault.OVERDUE


@pytest.mark.parametrize(("said", "why"), [(None, "says nothing of `open_texts`"), (False, "start opener again")])
def test_where_no_opener_is_or_none_has_heard_of_the_switch_any_text_is_one_too_many(said, why):
    found = looked_at({1: ("a",)}, (1, 5, ("a",)), said=said)
    assert found.fault is Fault.OVERDUE
    assert why in found.why
    assert looked_at({}, said=said).fault is None


def test_a_second_tombstone_that_does_not_come_is_told_for_the_text_lies_on_the_disk():
    late = AGAIN_MS + BACK_WITHIN_MS
    assert looked_at({}, twice=late - 1).fault is None
    for found in (looked_at({}, twice=late), looked_at({}, said=None, twice=5)):
        assert found.fault is Fault.OVERDUE
        assert "1 tombstones were to be written once more" in found.why
