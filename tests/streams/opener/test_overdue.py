"""Whether texts in clear have been taken back, as it looks from outside."""

from __future__ import annotations

import pytest

from schemas.records import SegmentIndex
from streams.engine.messages import Message
from streams.opener.opened import Opened
from streams.opener.overdue import BACK_WITHIN_MS, texts_place
from tests.streams.opener.making import CODEC, index, segment
from topology.retained import Fault, Place

NOW = 1_700_000_000_000


def looked_at(
    lying: dict[int, tuple[str, ...]], left: dict[int, tuple[str, ...]], ages: dict[int, int], **how
) -> Place:
    """`ages`: how long ago the latest record of a segment came, where there is one."""
    opened = Opened("opener-state.demo", CODEC)
    for sequence, tasks in lying.items():
        opened.add(segment(sequence), tasks)
    indexes: dict[str, SegmentIndex] = {
        segment(sequence): index(sequence, *tasks) for sequence, tasks in left.items()
    }
    records = [
        Message("segments.demo", 0, n, segment(sequence).encode(), None, timestamp=NOW - age)
        for n, (sequence, age) in enumerate(ages.items())
    ]
    return texts_place("open.demo", opened, indexes, records, NOW, **{"attended": True} | how)


def test_what_has_its_mapping_lies_there_rightly():
    found = looked_at({1: ("a", "b"), 2: ("c",)}, {1: ("a", "b"), 2: ("c", "d")}, {1: 10**9, 2: 10**9})
    assert (found.place, found.held, found.fault, found.why) == ("open.demo, in clear", 3, None, "")


@pytest.mark.parametrize("left", [{}, {1: ("b",)}])
@pytest.mark.parametrize(
    ("ages", "late"), [({1: BACK_WITHIN_MS}, False), ({1: BACK_WITHIN_MS + 1}, True), ({}, True)]
)
def test_what_has_lost_it_is_overdue_an_hour_later_or_where_nothing_is_left_that_tells_when(left, ages, late):
    found = looked_at({1: ("a",)}, left, ages)
    assert found.fault is (Fault.OVERDUE if late else None)
    assert ("1 lie in clear although their mapping has ended" in found.why) is late


def test_where_no_opener_is_any_text_is_one_too_many():
    assert looked_at({1: ("a",)}, {1: ("a",)}, {1: 5}, attended=False).fault is Fault.OVERDUE
    assert looked_at({}, {}, {}, attended=False).fault is None
