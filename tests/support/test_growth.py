"""The measure of growth, on a clock that stands still but for the work."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from tests.support.growth import ENOUGH_S, FIRST, MOST, ROUNDS, TIMES, repeated, require_linear


class Labour:
    """Work that takes what a law says of the length, and remembers how long its texts were."""

    def __init__(self, law: Callable[[int], float]) -> None:
        self.law = law
        self.now = 0.0
        self.lengths: list[int] = []

    def __call__(self, text: str) -> None:
        self.lengths.append(len(text))
        self.now += self.law(len(text))

    def check(self) -> None:
        require_linear(self, lambda length: "x" * length, lambda: self.now)


@pytest.mark.parametrize(
    "law",
    [
        lambda length: length * 1e-6,
        lambda length: length * 1e-5 + 0.003,
        lambda length: length * 1e-9,
        lambda length: length * length.bit_length() * 1e-7,
    ],
    ids=["linear", "linear with a start", "too fast to tell", "n log n"],
)
def test_what_grows_with_the_length_passes(law):
    Labour(law).check()


@pytest.mark.parametrize(
    "law",
    [
        lambda length: length**2 * 1e-9,
        lambda length: length**2 * 1e-11,
        lambda length: length**1.5 * 1e-7,
        lambda length: length * 1e-7 + length**2 * 1e-11,
    ],
    ids=["quadratic", "quadratic, seen late", "n·√n", "quadratic beside linear"],
)
def test_what_grows_faster_fails(law):
    with pytest.raises(AssertionError, match="characters take"):
        Labour(law).check()


def test_lengths_double_until_a_run_takes_long_enough_and_never_pass_the_limit():
    linear = Labour(lambda length: length * ENOUGH_S / FIRST / 4)
    linear.check()
    assert linear.lengths == [FIRST, FIRST, 2 * FIRST, 4 * FIRST] + [4 * FIRST] * TIMES + [4 * FIRST * TIMES]
    fast = Labour(lambda _: 0.0)
    fast.check()
    assert fast.lengths[-2:] == [MOST // TIMES, MOST]


def noisy(quiet_round: int) -> Labour:
    """Linear work whose long runs take ten times as long before that round."""

    def law(length: int) -> float:
        disturbed = length == MOST and labour.lengths.count(MOST) < quiet_round
        return length * 1e-7 * (10 if disturbed else 1)

    labour = Labour(law)
    return labour


def test_rounds_are_repeated_until_one_was_quiet_enough():
    noisy(ROUNDS).check()
    with pytest.raises(AssertionError, match="characters take"):
        noisy(ROUNDS + 1).check()


def test_a_first_call_that_makes_what_the_others_have_is_not_measured():
    labour = Labour(lambda length: length * 1e-6 + (60.0 if len(labour.lengths) == 1 else 0.0))
    labour.check()
    assert max(labour.lengths) > TIMES * FIRST


def test_garbage_is_collected_again_after_a_failure_too():
    collecting = []
    with pytest.raises(ZeroDivisionError):
        require_linear(lambda _: collecting.append(gc.isenabled()) or 1 / 0, "x".__mul__)
    assert collecting == [False]
    assert gc.isenabled()


def test_a_unit_is_repeated_to_the_length():
    assert [repeated("abc", length) for length in (2, 7)] == ["ab", "abcabca"]
