"""When a segment, and what is remembered of it, has to end. Pure; times in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.records import SegmentIndex
from schemas.states import KeptSegment, SegmentStage
from vault.segments.halves import HOUR_MS

DAY_MS = 24 * HOUR_MS


class Why(StrEnum):
    """Why something in Vault is destroyed: the reason in `segment.destroyed`."""

    ORPHAN = "orphan"
    FINISHED = "finished"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things live."""

    retention_ms: int = 7 * DAY_MS
    """A segment after its last task was joined: so long its values can still be revealed on a grant."""
    hard_ttl_ms: int = 30 * DAY_MS
    """Nothing in Vault is older. A segment's own `expires_at` (by its policy) may only come earlier; tasks that
    never get joined (dropped, unresolved, reported, skipped) leave this way. At least as long as any policy's."""
    forget_ms: int = 7 * DAY_MS
    """How long a destroyed segment is remembered should its tombstone never come back (compacted meanwhile)."""


def happened_by(segment: KeptSegment, now: int) -> KeptSegment:
    """The segment as it is known at `now`: what a clock that was ahead has noted of a time to come, is of now."""
    if segment.since <= now and segment.finished_at <= now:
        return segment
    return replace(segment, since=min(segment.since, now), finished_at=min(segment.finished_at, now))


def end_of(segment: KeptSegment, index: SegmentIndex | None, now: int, lifetimes: Lifetimes) -> Why | None:
    """Why the segment has to be destroyed now, or None."""
    if segment.stage is SegmentStage.SUSPECT:
        return Why.EXPIRED if now - segment.since >= lifetimes.hard_ttl_ms else None
    if segment.stage is not SegmentStage.LIVE or index is None:
        return None
    if now >= min(index.expires_at, index.created_at + lifetimes.hard_ttl_ms):
        return Why.EXPIRED
    if segment.finished_at and now - segment.finished_at >= lifetimes.retention_ms:
        return Why.FINISHED
    return None


def is_forgotten(segment: KeptSegment, now: int, lifetimes: Lifetimes) -> bool:
    """Whether keeper need not remember the segment any longer."""
    if segment.stage is SegmentStage.DESTROYED:
        return now - segment.since >= lifetimes.forget_ms
    return segment.stage is SegmentStage.EARLY and now - segment.since >= lifetimes.hard_ttl_ms


@dataclass(frozen=True, slots=True)
class HalfPlace:
    """Whose half of the values keys a document is: slot and hour (hours since the epoch)."""

    slot: str
    hour: int


def half_place_of(path: str) -> HalfPlace | None:
    """The parts of `half-a/<slot>/<hour>/<tag>` or `half-b/…`, or None for anything else."""
    parts = path.split("/")
    if len(parts) != 4 or not (parts[2].isascii() and parts[2].isdecimal()):  # noqa: PLR2004 - the four parts
        return None
    return HalfPlace(parts[1], int(parts[2]))


def half_is_due(place: HalfPlace, now: int, living: frozenset[HalfPlace], lifetimes: Lifetimes) -> bool:
    """Whether a half may go: its hour is a hard TTL ago, and no segment of its slot and hour lives.

    It leaves with the TTL and no earlier: a redact may hold the hour's keys and be about to write the first
    segment under them, and nothing on the log would say so.
    """
    return now >= (place.hour + 1) * HOUR_MS + lifetimes.hard_ttl_ms and place not in living
