"""Numbers about measured times: percentiles, medians, rates; and what was promised of them. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0–1) of `values` do not exceed (nearest rank). Raises ValueError."""
    if not values or not 0 <= share <= 1:
        raise ValueError("a percentile needs values and a share between 0 and 1")
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of many calls of one kind, in milliseconds."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From single times in seconds. Raises ValueError where there is none."""
        return cls(len(seconds), *(1000 * percentile(seconds, share) for share in (0.5, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised. `at_least`: more is better; otherwise less is."""

    name: str
    figure: float
    goal: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the figure keeps the promise."""
        return self.figure >= self.goal if self.at_least else self.figure <= self.goal


@dataclass(frozen=True, slots=True)
class Progress:
    """Records that were done by a moment (seconds, of any one clock)."""

    at: float
    records: int


def rate_after_first(batches: Sequence[Progress]) -> float:
    """Records a second between the first and the last batch. Raises ValueError for fewer than two batches.

    What the first batch did happened before its own moment, so its records don't count: neither a start nor a
    cold cache is in the figure.
    """
    ordered = sorted(batches, key=lambda batch: batch.at)
    if len(ordered) < 2 or ordered[-1].at <= ordered[0].at:  # noqa: PLR2004 - a duration has two ends
        raise ValueError("a rate needs two batches at different times")
    return sum(batch.records for batch in ordered[1:]) / (ordered[-1].at - ordered[0].at)


def lags(appended: Sequence[int], checkpoints: Sequence[tuple[int, int]], covered: int = 0) -> list[int]:
    """For each checkpoint (size, when) of a log: how long the oldest entry it is the first to cover had waited.

    `appended`: when each entry came; `covered`: how many were before the first of these checkpoints.
    """
    found = []
    for size, at in checkpoints:
        found.append(at - appended[covered])
        covered = size
    return found


def median(values: Sequence[float]) -> float:
    """The middle one: on a shared machine a run that was disturbed must not decide."""
    return statistics.median(values)
