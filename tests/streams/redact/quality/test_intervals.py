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


def test_texts_of_one_kin_tell_hardly_more_than_one() -> None:
    parts, wholes, kin = [1] * 100 + [0] * 300, [5] * 400, [str(index // 100) for index in range(400)]
    alone, together, few = ratio(parts, wholes), ratio(parts, wholes, kin), ratio([1, 0, 0, 0], [5] * 4)
    assert together.value == alone.value
    assert together.high - together.low > 3 * (alone.high - alone.low)
    assert (together.low, together.high) == (few.low, few.high)


def test_texts_without_a_kin_are_drawn_alone() -> None:
    parts, wholes = [i % 3 for i in range(50)], [10] * 50
    assert ratio(parts, wholes, [None] * 50) == ratio(parts, wholes)


def test_nothing_to_count_is_no_share() -> None:
    assert ratio([0, 0], [0, 0]).value == 0
