"""How long something did not work after a kill, of the moments at which it did. Pure.

Times in seconds of one steady clock. What counts is not the first success, which may come before anybody has
noticed the loss, nor the longest time without one: a loss may be felt twice, when it happens and when somebody
gives up waiting for what was lost. It is the end of the last time without a success that is longer than a bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise

BOUND_S = 1.0
"""So long may be between two successes of what works: it is asked for twice a second at least, and the reader
who sees some of it hears of it every quarter of a second.
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of one thing that was asked for again and again. In seconds after the kill: `first_s`, the first success;
    `until_s`, the end of the last time without one that is longer than `BOUND_S` (0: there was none so long);
    `seen_s`, the last success, up to which this holds. `gap_s`: how long the longest time without one was.
    """

    what: str
    first_s: float
    gap_s: float
    until_s: float
    seen_s: float

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


def recovery(what: str, successes: Iterable[float], killed_at: float) -> Recovery | None:
    """Of the successes of what was asked for after the kill, measured from `killed_at`. None: there was none."""
    after = sorted(moment for moment in successes if moment >= killed_at)
    if not after:
        return None
    gaps = [(later - earlier, later) for earlier, later in pairwise([killed_at, *after])]
    until = max((end for gap, end in gaps if gap > BOUND_S), default=killed_at)
    longest = max(gap for gap, _ in gaps)
    first, last, ended = (_rounded(it - killed_at) for it in (after[0], after[-1], until))
    return Recovery(what, first, _rounded(longest), ended, last)


def _rounded(seconds: float) -> float:
    return round(seconds, 2)
