"""Which tasks an erasure takes out, and when nothing more of it can come up. Pure; times in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from schemas.records import SegmentIndex
from schemas.states import KeptErasure, KeptSegment, KeptSlot, SegmentStage
from streams.keeper.lifetimes import Why

PATIENCE_MS = 90_000
"""A redact that has not taken up an erasure by then works no more: nobody goes on who has not heard for 30 s what
is on `control` (`STALE_AFTER_S`), or heard it more than 10 s before (`HOLDS_FOR_S`); what it has given to Vault by
then is there, or has failed, within 30 s, and its transaction is over within 15 s.
"""


def naming(index: SegmentIndex, subjects: AbstractSet[bytes]) -> Iterator[tuple[str, AbstractSet[bytes]]]:
    """The tasks of a segment that name one of these subjects, and which."""
    for entry in index.entries:
        if not subjects.isdisjoint(entry.subjects):
            yield entry.task_id, subjects & frozenset(entry.subjects)


def is_heard(rank: int, slots: Iterable[KeptSlot], waited_ms: int) -> bool:
    """Whether no redact works any more without the first `rank` erasures."""
    return waited_ms >= PATIENCE_MS or all(slot.erasures >= rank for slot in slots)


def is_read(segment: KeptSegment | None) -> bool:
    """Whether the index of a segment, which is on the log, was read."""
    return segment is not None and segment.stage not in {SegmentStage.SUSPECT, SegmentStage.EARLY}


def is_leaving_as_orphan(segment: KeptSegment) -> bool:
    """Whether a segment that never became real is still to be destroyed: it may name anybody."""
    return segment.stage is SegmentStage.DOOMED and segment.reason == Why.ORPHAN


def went_out(erasure: KeptErasure, out: AbstractSet[str]) -> KeptErasure:
    """The erasure after these of its tasks are out of Vault."""
    waiting = tuple(task for task in erasure.waiting if task not in out)
    gone = len(erasure.waiting) - len(waiting)
    return KeptErasure(erasure.subject, erasure.since, waiting, erasure.tasks + gone, erasure.done)
