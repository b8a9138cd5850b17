"""From overlapping finds to disjoint ones: the union, never a choice."""

from __future__ import annotations

from collections.abc import Iterable

from streams.redact.detect.find import Find


def union(finds: Iterable[Find]) -> list[Find]:
    """Overlapping finds become one, as wide as both, of the type with the greatest weight, then length, then name.

    Empty finds are ignored. The result is ascending and disjoint.
    """
    merged: list[Find] = []
    for find in sorted(finds):
        if find.end <= find.start:
            continue
        if merged and find.start < merged[-1].end:
            merged[-1] = _joined(merged[-1], find)
        else:
            merged.append(find)
    return merged


def _joined(left: Find, right: Find) -> Find:
    """`right` does not begin before `left`."""
    stronger = left if _strength(left) >= _strength(right) else right
    return Find(left.start, max(left.end, right.end), stronger.entity_type, stronger.weight)


def _strength(find: Find) -> tuple[float, int, str]:
    return find.weight, find.end - find.start, find.entity_type
