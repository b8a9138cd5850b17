"""How far two people set the same spans: F1, exactly and by overlap.

Where nobody's answer is the truth, F1 of one person against the other is the same in both directions, and it is
what kappa becomes when the number of spans nobody set is unbounded, as in text: G. Hripcsak and A. S. Rothschild,
"Agreement, the F-measure, and reliability in information retrieval", JAMIA 12 (2005). Overlap here is that of
`streams.decide.matching`: one field, one label, more than half of the characters shared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from itertools import combinations, takewhile

from schemas.records import LabelSpan
from streams.decide.matching import same

Spans = Collection[LabelSpan]


def exact_f1(one: Spans, other: Spans) -> float:
    """F1 where only identical spans match; 1 where nobody set any. A span set twice counts once."""
    left, right = set(one), set(other)
    return _f1(2 * len(left & right), len(left) + len(right))


def overlap_f1(one: Spans, other: Spans) -> float:
    """F1 where a span counts as matched that has its like on the other side; 1 where nobody set any.

    Spans of one person that don't overlap each other match one to one: the like of each shares more than half.
    """
    left, right = set(one), set(other)
    return _f1(_with_like(left, right) + _with_like(right, left), len(left) + len(right))


def mean_pairwise(measure: Callable[[Spans, Spans], float], people: Sequence[Spans]) -> float | None:
    """The mean over all pairs of people; None for fewer than two."""
    pairs = list(combinations(people, 2))
    return sum(measure(one, other) for one, other in pairs) / len(pairs) if pairs else None


def _f1(matched: int, spans: int) -> float:
    """`matched` on both sides together, of `spans` on both sides together."""
    return matched / spans if spans else 1.0


def _with_like(spans: Collection[LabelSpan], others: Collection[LabelSpan]) -> int:
    by_kind: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for other in others:
        by_kind.setdefault((other.field, other.label), []).append((other.start, other.end))
    for bounds in by_kind.values():
        bounds.sort()
    return sum(_has_like((span.start, span.end), by_kind.get((span.field, span.label), ())) for span in spans)


def _has_like(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    """`others` by start. What shares more than half of it begins less than the span's length before it."""
    start, end = span
    first = bisect_left(others, (start - (end - start), 0))
    return any(same(span, other) for other in takewhile(lambda it: it[0] < end, others[first:]))
