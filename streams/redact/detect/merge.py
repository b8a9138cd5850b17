"""From overlapping finds to disjoint ones: the union, never a choice."""

from __future__ import annotations

from collections.abc import Iterable

from streams.redact.detect.find import Find


def union(finds: Iterable[Find]) -> list[Find]:
    """Overlapping finds become one, as wide as all, of the strongest's type: by weight, then length, then name.

    Empty finds are ignored. The result is ascending and disjoint.
    """
    merged: list[Find] = []
    strongest: tuple[float, int, str] = (0.0, 0, "")
    for find in sorted(finds):
        if find.end <= find.start:
            continue
        if not merged or find.start >= merged[-1].end:
            merged.append(find)
            strongest = _strength(find)
            continue
        left, strength = merged[-1], _strength(find)
        if strength > strongest:
            strongest = strength
            left = Find(left.start, left.end, find.entity_type, find.weight)
        merged[-1] = Find(left.start, max(left.end, find.end), left.entity_type, left.weight)
    return merged


def _strength(find: Find) -> tuple[float, int, str]:
    """Of the find itself: what it was merged into before must not make a short one look long."""
    return find.weight, find.end - find.start, find.entity_type
