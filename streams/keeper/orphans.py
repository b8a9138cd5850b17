"""Which segments were written to Vault but never became real. Pure; no clocks.

A segment is real once its SegmentIndex is committed. One that isn't may be in the middle of being written, so
it is an orphan only when its slot is provably past it: a *strictly later transaction* of the slot committed.

- A later epoch of the slot. An epoch is committed after its predecessor was fenced, which ends the last
  transaction of the predecessor one way or the other.
- A later sequence of the same epoch, but of a later batch: one transaction may carry several segments, and
  their commit markers reach the partitions of `segments.P` one after the other, so an index of the *same*
  transaction proves nothing yet. All segments of a batch carry the same `created_at`, which serves as the
  name of their batch (compared for equality only): index `s` is *settled* when an index above it is of
  another batch, because then `s`'s whole transaction had ended before that batch began its own.
- The epoch written once more, which says up to which sequence the slot has numbered: the transactions of those
  have ended, too.

Whoever sees such proof and *then* reads `segments.P` to its end (`streams.keeper.scanning`) finds the index of
every real segment up to it. What has none by then never gets one: the slot only moves forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.records import SegmentIndex, SlotEpoch
from schemas.states import KeptSlot

NONE_YET = -1
"""Below every sequence."""


@dataclass(frozen=True, slots=True)
class Place:
    """A segment id in parts."""

    slot: str
    epoch: int
    sequence: int


def place_of(segment_id: str) -> Place | None:
    """The parts of `<slot>/<epoch>/<sequence>`, or None for anything else."""
    slot, _, rest = segment_id.partition("/")
    epoch, _, sequence = rest.partition("/")
    if not (slot and _is_number(epoch) and _is_number(sequence)):
        return None
    return Place(slot, int(epoch), int(sequence))


def begun(known: KeptSlot | None, epoch: SlotEpoch) -> KeptSlot:
    """What is known of a slot after one of its epochs was read, for the first time or once more."""
    if known is None or known.epoch < epoch.epoch:
        return KeptSlot(epoch.slot, epoch.epoch, NONE_YET, 0, epoch.sequence, epoch.erasures)
    if known.epoch > epoch.epoch:
        return known
    settled, erasures = max(known.settled, epoch.sequence), max(known.erasures, epoch.erasures)
    return replace(known, settled=settled, erasures=erasures)


def advanced(known: KeptSlot | None, index: SegmentIndex) -> KeptSlot:
    """What is known of a slot after one of its segments was read. Any order of reading gives the same."""
    slot = begun(known, SlotEpoch(index.slot, index.epoch))
    if index.epoch < slot.epoch:
        return slot
    other_batch = index.created_at != slot.last_created_at
    if index.sequence > slot.last:
        settled = slot.last if other_batch else slot.settled
        return replace(
            slot, last=index.sequence, last_created_at=index.created_at, settled=max(slot.settled, settled)
        )
    if other_batch:
        return replace(slot, settled=max(slot.settled, index.sequence))
    return slot


def is_past(place: Place, slot: KeptSlot | None) -> bool:
    """Whether the slot is provably past the place: what has no index there never gets one."""
    if slot is None:
        return False
    return place.epoch < slot.epoch or (place.epoch == slot.epoch and place.sequence <= slot.settled)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
