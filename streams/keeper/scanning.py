"""The search for what lies in Vault and shouldn't: orphans, and halves whose time is over. Reads only.

Safe against a redact that is writing at this moment: its documents exist before their index, and the rule of
`streams.keeper.orphans` calls nothing an orphan that its slot could still commit. The order here is what makes
the rule hold: proof first (`slots`, taken from what keeper has read and committed), the read of `segments.P` to
its end after it. A segment that commits between the two is found by the read; one that commits later has no
proof against it. A redact that writes again under an epoch that has ended (a zombie, fenced by Kafka but not
by Vault) leaves documents that the next scan finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas.states import SegmentStage
from streams.engine.messages import Message
from streams.keeper.holdings import Holdings
from streams.keeper.lifetimes import (
    HalfPlace,
    Lifetimes,
    half_is_due,
    half_place_of,
)
from streams.keeper.orphans import is_past, place_of
from vault.interface import Documents
from vault.segments.document import Layer
from vault.segments.halves import GROUPS, HOUR_MS

HALVES = tuple(f"half-{group}" for group in GROUPS)
"""The folders of the wrapped halves of the values keys."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a scan found. `suspects` are without an index but perhaps just being written."""

    orphans: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    """Suspects of earlier scans of which nothing is left."""
    halves: tuple[str, ...] = ()
    """Paths of halves whose time is over."""


def scan(
    holdings: Holdings,
    documents: Documents,
    segments_now: Callable[[], Iterable[Message]],
    lifetimes: Lifetimes,
    now: int,
) -> Findings:
    """Compare Vault with what is known. Changes nothing. Raises VaultUnavailable, LogUnavailable.

    `segments_now` reads `segments.P` from its beginning to its end as of the call; it is called only where a
    segment is suspicious, which after a clean run is never.
    """
    listed = _listed_segments(documents)
    known = {SegmentStage.LIVE, SegmentStage.DOOMED}
    unknown = sorted(it for it in listed if not _is_at(holdings, it, known))
    past = [it for it in unknown if _is_past(holdings, it)]
    real = committed(segments_now()) if past else set()
    suspect = {SegmentStage.SUSPECT}
    return Findings(
        orphans=tuple(it for it in past if it not in real),
        suspects=tuple(it for it in unknown if it not in set(past)),
        vanished=tuple(
            it for it, _ in holdings.segments.items() if it not in listed and _is_at(holdings, it, suspect)
        ),
        halves=_due_halves(holdings, documents, lifetimes, now),
    )


def _listed_segments(documents: Documents) -> set[str]:
    return {path.removeprefix(f"{layer}/") for layer in Layer for path in documents.names(layer)}


def _is_at(holdings: Holdings, segment_id: str, stages: set[SegmentStage]) -> bool:
    segment = holdings.segments.get(segment_id)
    return segment is not None and segment.stage in stages


def _is_past(holdings: Holdings, segment_id: str) -> bool:
    place = place_of(segment_id)
    return place is not None and is_past(place, holdings.slots.get(place.slot))


def committed(messages: Iterable[Message]) -> set[str]:
    """The keys that stand. No record is decoded: one that we can't read must not cost its segment."""
    standing: set[str] = set()
    for message in messages:
        key = (message.key or b"").decode("utf-8", "replace")
        if message.value is None:
            standing.discard(key)
        else:
            standing.add(key)
    return standing


def _due_halves(holdings: Holdings, documents: Documents, lifetimes: Lifetimes, now: int) -> tuple[str, ...]:
    paths = [path for folder in HALVES for path in documents.names(folder)]
    places = {path: place for path in paths if (place := half_place_of(path)) is not None}
    if not places:
        return ()
    living = frozenset(HalfPlace(index.slot, index.created_at // HOUR_MS) for _, index in holdings.indexes.items())
    return tuple(
        path
        for path, place in places.items()
        if path not in holdings.halves and half_is_due(place, now, living, lifetimes)
    )
