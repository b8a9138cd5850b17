"""Ratios with their uncertainty: percentile bootstrap over texts (Efron 1979), seeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
SEED = 1
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """How far the interval reaches above the value."""
        return self.high - self.value


def ratio(parts: Sequence[int], wholes: Sequence[int]) -> Estimate:
    """Σ parts ÷ Σ wholes. Whole texts are drawn, so that a long one full of misses weighs as it should.

    With nothing to count the share is 0 and certain.
    """
    part, whole = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    if whole.sum() == 0:
        return Estimate(0.0, 0.0, 0.0)
    draws = np.random.default_rng(SEED).multinomial(len(part), np.full(len(part), 1 / len(part)), size=RESAMPLES)
    below = draws @ whole
    shares = (draws @ part)[below > 0] / below[below > 0]
    low, high = np.percentile(shares, [_LOW, _HIGH])
    return Estimate(float(part.sum() / whole.sum()), float(low), float(high))
