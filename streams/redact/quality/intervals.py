"""Ratios with their uncertainty: percentile bootstrap over texts (Efron 1979), seeded; akin ones together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def ratio(parts: Sequence[int], wholes: Sequence[int], kin: Sequence[str | None] | None = None) -> Estimate:
    """Σ parts ÷ Σ wholes. Whole texts are drawn, so that a long one full of misses weighs as it should.

    Texts with the same name in `kin` are drawn together (None: alone): a hundred texts of one template tell little
    more than one, and drawn singly would make the interval too narrow (cluster bootstrap). With nothing to count
    the share is 0 and certain.
    """
    groups = _groups([None] * len(parts) if kin is None else kin)
    part, whole = (np.bincount(groups, weights=np.asarray(one, np.float64)) for one in (parts, wholes))
    if whole.sum() == 0:
        return Estimate(0.0, 0.0, 0.0)
    draws = np.random.default_rng(SEED).multinomial(len(part), np.full(len(part), 1 / len(part)), size=RESAMPLES)
    below = draws @ whole
    shares = (draws @ part)[below > 0] / below[below > 0]
    low, high = np.percentile(shares, [_LOW, _HIGH])
    return Estimate(float(part.sum() / whole.sum()), float(low), float(high))


def _groups(kin: Sequence[str | None]) -> NDArray[np.int64]:
    """A number for each text; the same for texts with the same name."""
    numbers: dict[str | int, int] = {}
    names = (index if name is None else name for index, name in enumerate(kin))
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
