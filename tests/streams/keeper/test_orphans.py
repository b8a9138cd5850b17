from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import SlotEpoch
from schemas.states import KeptSlot
from streams.keeper.orphans import Place, advanced, begun, is_past, place_of
from tests.streams.keeper.making import SLOT, index


def slot_after(*read) -> KeptSlot | None:
    known = None
    for it in read:
        known = begun(known, it) if isinstance(it, SlotEpoch) else advanced(known, it)
    return known


def test_nothing_is_past_of_a_slot_nobody_has_heard_of() -> None:
    assert not is_past(Place(SLOT, 1, 0), None)


def test_a_later_epoch_leaves_the_earlier_one_behind() -> None:
    slot = slot_after(SlotEpoch(SLOT, 2))
    assert is_past(Place(SLOT, 1, 99), slot)
    assert not is_past(Place(SLOT, 2, 0), slot)


def test_a_later_sequence_of_the_same_batch_proves_nothing() -> None:
    assert not is_past(Place(SLOT, 1, 0), slot_after(index(1, created=5), index(2, created=5)))


def test_a_segment_of_a_later_batch_settles_what_lies_below_the_one_before() -> None:
    slot = slot_after(index(1, created=5), index(3, created=6))
    assert [is_past(Place(SLOT, 1, it), slot) for it in range(4)] == [True, True, False, False]


@given(st.permutations([(0, 5), (1, 5), (3, 6), (4, 6), (6, 7)]), st.integers(0, 5))
def test_the_order_of_reading_changes_nothing(order, epoch_at) -> None:
    read = [index(sequence, created=created) for sequence, created in order]
    read.insert(epoch_at, SlotEpoch(SLOT, 1))
    assert slot_after(*read) == KeptSlot(SLOT, 1, 6, 7, 4)


@pytest.mark.parametrize("name", ["", "slot", "slot/1", "slot/1/x", "slot/1/2/3", "/1/2", "slot/-1/2", "slot/²/1"])
def test_what_is_no_segment_id_has_no_place(name) -> None:
    assert place_of(name) is None


def test_a_segment_id_has_its_place() -> None:
    assert place_of("redact.demo.0/3/12") == Place("redact.demo.0", 3, 12)
