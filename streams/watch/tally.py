"""What was counted of one policy in a span of time, and what may be said of it beside its counts. Pure.

All parts add up in any order: counts, buckets of durations, and agreement in ten-thousandths as a whole number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schemas import durations
from schemas.metrics import Cell, Figure

AGREEMENT_UNIT = 10_000
"""Decide writes agreement with four digits."""
AGREEMENT_DIGITS = 2
"""A mean is told with so many: all that it has would tell of how many it is one."""


class Span(StrEnum):
    """What takes time."""

    RAW_TO_TASK = "raw_to_task"
    TASK_TO_LABEL = "task_to_label"
    LABEL_TO_JOINED = "label_to_joined"


SAID = {
    Span.RAW_TO_TASK: (Cell.TASKS, Figure.RAW_TO_TASK_P50, Figure.RAW_TO_TASK_P95),
    Span.TASK_TO_LABEL: (Cell.LABELS, Figure.TASK_TO_LABEL_P50, Figure.TASK_TO_LABEL_P95),
    Span.LABEL_TO_JOINED: (Cell.JOINED, Figure.LABEL_TO_JOINED_P50, Figure.LABEL_TO_JOINED_P95),
}
"""What is said of each, and with which count. How many durations there were is not said: beside the count it would
tell how many there were not.
"""


@dataclass(slots=True)
class Tally:
    """Counts by cell, durations in buckets; how many verdicts had an agreement, and the sum of those."""

    cells: Counter[str] = field(default_factory=Counter)
    spent: dict[str, Counter[int]] = field(default_factory=dict)
    agreed: int = 0
    agreement: int = 0

    def count(self, cell: Cell, times: int = 1) -> None:
        """Add to a count."""
        if times:
            self.cells[cell.value] += times

    def took(self, span: Span, buckets: Mapping[int, int]) -> None:
        """Add durations, by bucket."""
        self.spent.setdefault(span.value, Counter()).update(buckets)

    def agree(self, agreement: int) -> None:
        """Add the agreement of a verdict."""
        self.agreed, self.agreement = self.agreed + 1, self.agreement + agreement

    def add(self, other: Tally) -> None:
        """Add all of another."""
        self.cells.update(other.cells)
        for span, buckets in other.spent.items():
            self.took(Span(span), buckets)
        self.agreed, self.agreement = self.agreed + other.agreed, self.agreement + other.agreement

    def rests(self, cells: Mapping[str, int]) -> dict[str, int]:
        """On how much rests what belongs to one of the published `cells`: by span, and of agreement. Small counts
        themselves, and never published.
        """
        found = {
            span.value: sum(self.spent.get(span.value, {}).values())
            for span, (cell, *_) in SAID.items()
            if cell.value in cells
        }
        return found | ({Figure.AGREEMENT.value: self.agreed} if Cell.VERDICTS.value in cells else {})

    def figures(self, rests: Mapping[str, int]) -> dict[str, float]:
        """What may be said: that of which it may be told on how much it rests."""
        found: dict[str, float] = {}
        for span, (_, middle, most) in SAID.items():
            if span.value in rests:
                buckets = self.spent[span.value]
                found[middle.value] = durations.quantile(buckets, 0.5) or 0.0
                found[most.value] = durations.quantile(buckets, 0.95) or 0.0
        if Figure.AGREEMENT.value in rests:
            mean = self.agreement / AGREEMENT_UNIT / self.agreed
            found[Figure.AGREEMENT.value] = round(mean, AGREEMENT_DIGITS)
        return found
