"""Small counts are not published, and what is published does not tell them. Pure.

A window's counts come without their total, and none is a part of another, so the only relation between published
counts is that a long window is the sum of its short ones. Most counts are published of long windows only: no
difference there. For `PACE`, which are published of both, what may be said of the long one is decided when it
ends, since each short one is published for good before. What the published short windows leave of it is the rest,
spread over `hidden` windows, each between 0 and `SUPPRESSED_BELOW` - 1. The rest is told by the difference, so it
must be no small count itself: with one hidden window it would be that count. Where it is as much as the hidden
ones can hold, it tells them all; else each of them can be at least two numbers, also for someone who knows this
rule: `tests/streams/watch/test_suppression.py` tries every table up to a size.

The same holds of how much a figure rests on, which is a count though it is not published: a mean of a long window
and those of its short ones tell that of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.metrics import SUPPRESSED_BELOW, Cell, Figure
from streams.watch.tally import Span

PACE = frozenset({Cell.VIEWS, Cell.LABELS, Cell.VERDICTS, Cell.JOINED, Cell.DENIALS})
"""What is published of short windows, too: how the work goes just now."""
_SHORT = PACE | {Span.TASK_TO_LABEL, Span.LABEL_TO_JOINED, Figure.AGREEMENT}
"""With what figures rest on that belong to one of these."""


def shown(counts: Mapping[str, int], below: int = SUPPRESSED_BELOW) -> dict[str, int]:
    """The counts of a short window that may be published."""
    return {name: counts[name] for name in sorted(counts) if counts[name] >= below}


def sum_may_be_shown(total: int, published: int, hidden: int, below: int = SUPPRESSED_BELOW) -> bool:
    """Whether a long window's count may be published.

    `published`: the sum of its short windows that were; `hidden`: how many were not, those without any event among
    them.
    """
    return total >= below and (hidden == 0 or below <= total - published < hidden * (below - 1))


@dataclass(slots=True)
class Published:
    """What was published of the short windows of one long one: by policy and count, their sum, and how many. What
    published figures rest on is among them (`Tally.rests`).
    """

    sums: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    def short(self, policy: str, counts: Mapping[str, int], below: int = SUPPRESSED_BELOW) -> dict[str, int]:
        """The counts of a short window that may be published; they are from now on."""
        found = shown({name: count for name, count in counts.items() if name in _SHORT}, below)
        sums = self.sums.setdefault(policy, {})
        for name, count in found.items():
            total, windows = sums.get(name, (0, 0))
            sums[name] = total + count, windows + 1
        return found

    def long(
        self, policy: str, totals: Mapping[str, int], steps: int, below: int = SUPPRESSED_BELOW
    ) -> dict[str, int]:
        """The counts of the long window, of `steps` short ones, that may be published after those."""
        sums = self.sums.get(policy, {})
        found = {}
        for name in sorted(totals):
            total, windows = sums.get(name, (0, 0))
            hidden = steps - windows if name in _SHORT else 0
            if sum_may_be_shown(totals[name], total, hidden, below):
                found[name] = totals[name]
        return found
