"""From mass to chance."""

from __future__ import annotations

import numpy as np
import pytest

from streams.redact.training.calibrate import Observed, fit


def _drawn(offset: float, slope: float, count: int) -> Observed:
    rng = np.random.default_rng(1)
    masses = rng.uniform(0.001, 2.0, count)
    chances = -np.expm1(-np.exp(offset + slope * np.log(masses)))
    return Observed(masses, (rng.uniform(size=count) < chances).astype(np.float64))


@pytest.mark.parametrize(("offset", "slope"), [(0.0, 1.0), (-1.0, 0.6), (0.5, 1.4)])
def test_what_was_drawn_is_found_again(offset: float, slope: float) -> None:
    found = fit(_drawn(offset, slope, 20_000))
    assert found == pytest.approx((offset, slope), abs=0.1)


def test_without_any_leak_the_chance_falls_but_stays_a_chance() -> None:
    offset, slope = fit(Observed(np.full(500, 0.01), np.zeros(500)))
    assert np.isfinite([offset, slope]).all()
    assert np.exp(offset + slope * np.log(0.01)) < 0.01


def test_from_no_texts_words_are_taken_as_independent() -> None:
    assert fit(Observed(np.empty(0), np.empty(0))) == pytest.approx((0.0, 1.0))
