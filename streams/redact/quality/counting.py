"""Counting characters: what of the annotated ones leaked, what of the others was hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streams.redact.quality.annotated import AnnotatedText

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counts:
    """Characters of one text. `by_type`: gold and leaked characters of each type."""

    gold: int
    leaked: int
    other: int
    hidden: int
    by_type: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def count(one: AnnotatedText, hidden: Iterable[tuple[int, int]]) -> Counts:
    """Compare what is `hidden` (`[start, end)` in code points, may overlap) with the gold spans."""
    length = len(one.text)
    covered = _marks(length, hidden)
    wanted = _marks(length, ((span.start, span.end) for span in one.gold))
    other = ~wanted & ~_marks(length, one.ignored)
    gold, leaked = int(wanted.sum()), int((wanted & ~covered).sum())
    return Counts(gold, leaked, int(other.sum()), int((other & covered).sum()), _by_type(one, covered))


def _by_type(one: AnnotatedText, covered: Marks) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for span in one.gold:
        gold, leaked = found.get(span.entity_type, (0, 0))
        length = span.end - span.start
        hidden = int(covered[span.start : span.end].sum())
        found[span.entity_type] = (gold + length, leaked + length - hidden)
    return found


def _marks(length: int, spans: Iterable[tuple[int, int]]) -> Marks:
    marks = np.zeros(length, np.bool_)
    for start, end in spans:
        marks[start:end] = True
    return marks
