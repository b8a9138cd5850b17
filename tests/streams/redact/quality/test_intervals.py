"""Ratios and their intervals."""

from __future__ import annotations

import pytest

from streams.redact.quality.intervals import ratio


def test_the_ratio_is_that_of_the_sums() -> None:
    assert ratio([1, 0, 3], [10, 10, 20]).value == pytest.approx(0.1)


def test_the_interval_holds_the_value_and_is_the_same_each_time() -> None:
    parts, wholes = [i % 3 for i in range(200)], [10] * 200
    first = ratio(parts, wholes)
    assert first.low < first.value < first.high
    assert ratio(parts, wholes) == first


def test_more_texts_give_a_narrower_interval() -> None:
    few, many = ratio([0, 1] * 20, [5] * 40), ratio([0, 1] * 500, [5] * 1000)
    assert many.high - many.low < few.high - few.low


def test_nothing_to_count_is_no_share() -> None:
    assert ratio([0, 0], [0, 0]).value == 0
