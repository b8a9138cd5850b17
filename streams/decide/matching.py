"""Which spans of several people mean the same thing.

First exactly: a span that more than half of them set with the same bounds is an anchor. Then by overlap: spans
of one field and label whose shared characters are more than `OVERLAP_SHARE` of all characters they cover
(intersection over union) are the same span. Above one half, two disjoint spans of one person can never both be
"the same" as a third, because each would have to cover more than half of it.

How a cluster got its bounds is kept (`Merged`), so that a verdict can say it. Pure and independent of the order
of its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.records import Contribution

OVERLAP_SHARE = 0.5
"""Intersection over union above which two spans are one; see the argument above for one half."""

Bounds = tuple[int, int]
Marks = dict[Bounds, frozenset[str]]


class Merged(StrEnum):
    """How a cluster's bounds follow from its spans. Part of Verdict records: add, never rename."""

    EXACT = "exact"
    """All of its spans have them."""
    ANCHORED = "anchored"
    """More than half of the people set exactly these; spans near them count with them."""
    MEDIAN = "median"
    """No bounds have a majority: the median start and the median end of spans that overlap."""


_Found = tuple[Bounds, frozenset[str], Merged]


@dataclass(frozen=True, slots=True, order=True)
class Cluster:
    """Spans that mean the same, as one span, and the people who set them."""

    field: str
    start: int
    end: int
    label: str
    persons: frozenset[str]
    merged: Merged = Merged.EXACT

    def overlaps(self, other: Cluster) -> bool:
        """Whether the two share a character, whatever their labels."""
        return self.field == other.field and self.start < other.end and other.start < self.end


def match(contributions: Sequence[Contribution]) -> list[Cluster]:
    """The clusters of all spans, in order of field, place and label."""
    found: dict[tuple[str, str], dict[Bounds, set[str]]] = {}
    for contribution in contributions:
        for span in contribution.spans:
            marks = found.setdefault((span.field, span.label), {})
            marks.setdefault((span.start, span.end), set()).add(contribution.person)
    clusters: list[Cluster] = []
    for (field, label), marks in found.items():
        frozen = {bounds: frozenset(persons) for bounds, persons in marks.items()}
        for (start, end), persons, merged in _one_label(frozen, len(contributions)):
            clusters.append(Cluster(field, start, end, label, persons, merged))
    return sorted(clusters, key=lambda it: (it.field, it.start, it.end, it.label, sorted(it.persons)))


def places(clusters: Sequence[Cluster]) -> list[list[Cluster]]:
    """The clusters, those that overlap together, directly or through others: in order of place."""
    found: list[list[Cluster]] = []
    field, end = "", 0
    for cluster in sorted(clusters, key=lambda it: (it.field, it.start, it.end, it.label)):
        if not found or cluster.field != field or cluster.start >= end:
            found.append([])
            field, end = cluster.field, 0
        found[-1].append(cluster)
        end = max(end, cluster.end)
    return found


def same(one: Bounds, other: Bounds) -> bool:
    """Whether two spans of one field and label are the same by overlap."""
    return _share(one, other) > OVERLAP_SHARE


def _share(one: Bounds, other: Bounds) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    if shared <= 0:
        return 0.0
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)


def _one_label(marks: Marks, people: int) -> list[_Found]:
    anchors = {bounds: persons for bounds, persons in marks.items() if 2 * len(persons) > people}
    rest: Marks = {}
    joining: dict[Bounds, _Found] = {bounds: (bounds, its, Merged.EXACT) for bounds, its in anchors.items()}
    for bounds, persons in marks.items():
        if bounds in anchors:
            continue
        anchor = _nearest(bounds, anchors)
        if anchor is None:
            rest[bounds] = persons
        else:
            joining[anchor] = (anchor, joining[anchor][1] | persons, Merged.ANCHORED)
    return [*joining.values(), *(_merged(group) for group in _components(rest))]


def _nearest(bounds: Bounds, anchors: Marks) -> Bounds | None:
    """The anchor that `bounds` is the same as: the one it shares most with, the earlier of two equals."""
    near = [anchor for anchor in anchors if same(bounds, anchor)]
    return min(near, key=lambda anchor: (-_share(bounds, anchor), anchor), default=None)


def _components(marks: Marks) -> list[Marks]:
    """Groups linked by sameness. By start, what is the same begins within the first half of a span; pairs that are
    linked already are not compared: five people with a thousand nested spans each take 4 s, not 10 (2026-11-26).
    """
    group_of: dict[Bounds, Bounds] = {bounds: bounds for bounds in marks}

    def root(bounds: Bounds) -> Bounds:
        while (above := group_of[bounds]) != bounds:
            group_of[bounds] = bounds = group_of[above]
        return bounds

    ordered = sorted(marks)
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if 2 * (one[1] - other[0]) <= one[1] - one[0]:
                break
            if root(one) != root(other) and same(one, other):
                low, high = sorted((root(one), root(other)))
                group_of[high] = low
    groups: dict[Bounds, Marks] = {}
    for bounds in ordered:
        groups.setdefault(root(bounds), {})[bounds] = marks[bounds]
    return list(groups.values())


def _merged(group: Marks) -> _Found:
    """The group as one span: the median start and the median end, each person's bounds counting once."""
    starts = sorted(bounds[0] for bounds, persons in group.items() for _ in persons)
    ends = sorted(bounds[1] for bounds, persons in group.items() for _ in persons)
    middle = (len(starts) - 1) // 2
    merged = Merged.EXACT if len(group) == 1 else Merged.MEDIAN
    return (starts[middle], ends[middle]), frozenset().union(*group.values()), merged
