"""From overlapping finds to disjoint ones: the union, never a choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.redact.detect.find import DENIED, Find


def union(finds: Iterable[Find]) -> list[Find]:
    """Overlapping finds become one, as wide as all, of the strongest's type: by weight, then length, then name.

    What the strongest does not cover by itself is not of its type, whatever is shown: `Find.beyond` names the
    others. Nothing covers what a policy denies. Empty finds are ignored. The result is ascending and disjoint.
    """
    merged: list[Find] = []
    together: list[Find] = []
    end = 0
    for find in sorted(finds):
        if find.end <= find.start:
            continue
        if together and find.start >= end:
            merged.append(_one(together, end))
            together = []
        together.append(find)
        end = max(end, find.end) if len(together) > 1 else find.end
    if together:
        merged.append(_one(together, end))
    return merged


def _one(finds: Sequence[Find], end: int) -> Find:
    """Of finds that overlap, in order; `end`: the last one's."""
    first = finds[0]
    if len(finds) == 1:
        return first
    strongest = max(finds, key=_strength)
    covers = not strongest.beyond and strongest.start == first.start and strongest.end == end
    others = {find.entity_type for find in finds if not covers or find.entity_type == DENIED}
    beyond = others.union(*(find.beyond for find in finds)) - {strongest.entity_type}
    return Find(first.start, end, strongest.entity_type, strongest.weight, tuple(sorted(beyond)))


def _strength(find: Find) -> tuple[float, int, str]:
    return find.weight, find.end - find.start, find.entity_type
