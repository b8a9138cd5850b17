"""Exact bounds on a share from a count: Clopper and Pearson 1934, one-sided. Pure.

`k` of `n` were seen. The upper bound is the largest share at which seeing `k` or fewer is still not rarer than one
minus the confidence; the lower bound the smallest at which `k` or more is not. No approximation: the binomial tail
is the regularized incomplete beta function (DLMF 8.17.5), computed by its continued fraction (DLMF 8.17.22,
Lentz).
"""

from __future__ import annotations

import math

CONFIDENCE = 0.95
_TINY = 1e-300
_TOLERANCE = 1e-14
_MOST_TERMS = 20_000
"""The fraction settles after about the square root of `n` terms: enough for a hundred million."""
_HALVINGS = 60
"""Of the interval from 0 to 1: 2^-60 is finer than a double near 1."""


def upper_bound(hits: int, of: int, confidence: float = CONFIDENCE) -> float:
    """The share that is not exceeded, with this confidence; 1 where nothing was counted.

    Raises ValueError for counts that can't be: hits below 0 or above `of`.
    """
    _check(hits, of)
    if hits == of:
        return 1.0
    return _share_at(confidence, hits + 1, of - hits)


def may_be_above(hits: int, of: int, share: float, confidence: float = CONFIDENCE) -> bool:
    """Whether the upper bound lies above a share between 0 and 1; sixty times cheaper than the bound itself."""
    _check(hits, of)
    return hits == of or beta(share, hits + 1, of - hits) < confidence


def lower_bound(hits: int, of: int, confidence: float = CONFIDENCE) -> float:
    """The share that is exceeded, with this confidence; 0 where nothing was counted. Raises as `upper_bound`."""
    _check(hits, of)
    if hits == 0:
        return 0.0
    return _share_at(1 - confidence, hits, of - hits + 1)


def least_to_show(limit: float, confidence: float = CONFIDENCE) -> int:
    """How many must be counted, none a hit, for the upper bound to reach down to `limit` (0 < limit < 1)."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-limit))


def _check(hits: int, of: int) -> None:
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no count")


def _share_at(probability: float, a: float, b: float) -> float:
    """The `x` at which the incomplete beta function of `a` and `b` reaches this probability."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b), for 0 ≤ x ≤ 1 and positive a and b."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):  # the fraction settles fast on this side only (DLMF 8.17.4)
        return 1 - beta_by_fraction(1 - x, b, a)
    return beta_by_fraction(x, a, b)


def beta_by_fraction(x: float, a: float, b: float) -> float:
    """I_x(a, b) by its continued fraction, by the modified method of Lentz."""
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _kept_off_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_TERMS):
        before = fraction
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _kept_off_zero(1 + term * d)
            c = _kept_off_zero(1 + term / c)
            fraction *= c * d
        if abs(fraction - before) < _TOLERANCE * abs(fraction):
            break
    return math.exp(logs) * fraction / a


def _kept_off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
