"""Whether what has to end has ended: what the topology orders against what the broker has and holds. Pure.

Looked at from outside: settings as the broker has them, where partitions begin and end, and of which time their
first record is. What lies in records is not asked. A compacted topic keeps the last record of each key whatever
its age, so its settings alone can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from topology.topics import TopicSpec, kept_ms

LASTING = (
    *("cleanup.policy", "retention.ms", "segment.ms", "message.timestamp.type"),
    *("min.compaction.lag.ms", "max.compaction.lag.ms", "delete.retention.ms", "retention.bytes"),
)
"""The settings on which it depends how long a record stays, a tombstone among them."""


class Fault(StrEnum):
    """What is wrong with a place."""

    OVERDUE = "overdue"
    """Something is held longer than it may be."""
    UNLIKE = "unlike"
    """It is not set as the topology orders, or not there: sooner or later something is held too long, or too
    short.
    """
    LATE = "late"
    """A stage is so far behind that records may end before it reads them."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place, with what it holds. Times in milliseconds, 0: none. `oldest` is of what lies there longest,
    `ends` by when that has to be gone. `why`: what a fault is about, or what there is to know; ids and numbers.
    """

    place: str
    held: int
    oldest: int = 0
    ends: int = 0
    fault: Fault | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """A partition, as the broker tells it: its first offset, the one after its last, and the time of its first
    record (milliseconds; 0: it has none).
    """

    begin: int
    end: int
    oldest: int


def topic_place(
    spec: TopicSpec, settings: Mapping[str, str] | None, extents: Mapping[int, Extent], now: int
) -> Place:
    """How a topic stands at `now`. `settings`: as the broker has them; None: it has no such topic."""
    if settings is None:
        return Place(spec.name, 0, fault=Fault.UNLIKE, why="the broker has no such topic")
    held = sum(it.end - it.begin for it in extents.values())
    oldest = min((it.oldest for it in extents.values() if it.oldest), default=0)
    ends = oldest + kept_ms(spec) if oldest and "retention.ms" in spec.config else 0
    unlike = "; ".join(_unlike(spec, settings))
    if 0 < ends < now:
        late = sorted(number for number, it in extents.items() if 0 < it.oldest < now - kept_ms(spec))
        named = f"partition {', '.join(map(str, late))} begins too early"
        return Place(spec.name, held, oldest, ends, Fault.OVERDUE, f"{named}; {unlike}" if unlike else named)
    return Place(spec.name, held, oldest, ends, Fault.UNLIKE if unlike else None, unlike)


def _unlike(spec: TopicSpec, settings: Mapping[str, str]) -> Iterator[str]:
    for name in LASTING:
        wanted = spec.config.get(name)
        if wanted is not None and settings.get(name) != wanted:
            yield f"{name} is {settings.get(name, 'not set')} instead of {wanted}"
