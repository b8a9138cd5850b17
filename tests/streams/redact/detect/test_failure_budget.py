from __future__ import annotations

from contextlib import suppress

import pytest

from schemas.errors import Reason, Refused
from streams.redact.detect.failure_budget import BUDGET_S, WINDOW_S, FailureBudget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lose(clock):
    """Fail so many seconds long."""

    def fail(budget: FailureBudget, seconds: float) -> None:
        with suppress(ZeroDivisionError), budget.trying():
            clock.now += seconds
            raise ZeroDivisionError

    return fail


def is_spent(budget: FailureBudget) -> bool:
    with suppress(Refused), budget.trying():
        return False
    return True


def test_a_spent_budget_refuses_texts(clock, lose):
    budget = FailureBudget(clock)
    lose(budget, BUDGET_S)
    with pytest.raises(Refused) as refused, budget.trying():
        pass
    assert refused.value.reason is Reason.DETECTION_FAILED


def test_failures_are_borne_until_the_budget_is_spent(clock, lose):
    budget = FailureBudget(clock)
    lose(budget, BUDGET_S - 1)
    assert not is_spent(budget)
    lose(budget, 1)
    assert is_spent(budget)


def test_what_is_long_past_is_forgotten_one_by_one(clock, lose):
    budget = FailureBudget(clock)
    lose(budget, 5)
    lose(budget, BUDGET_S - 5)
    clock.now = 5 + WINDOW_S - 0.5
    assert is_spent(budget)
    clock.now = 5 + WINDOW_S
    assert not is_spent(budget)
    lose(budget, 6)
    assert is_spent(budget)


def test_what_goes_well_costs_nothing_unless_it_counts(clock):
    budget = FailureBudget(clock)
    with budget.trying():
        clock.now += BUDGET_S
    assert not is_spent(budget)
    with budget.trying(counts=True):
        clock.now += BUDGET_S
    assert is_spent(budget)


def test_a_stream_of_failures_never_takes_half_of_what_polls_may_be_apart(clock, lose):
    budget, longest_try = FailureBudget(clock), 65.0
    lost = []
    for _ in range(10_000):
        if is_spent(budget):
            clock.now += 1
            continue
        begun = clock.now
        lose(budget, longest_try if len(lost) % 5 == 0 else 5)
        lost.append((begun, clock.now - begun))
    for first, _ in lost:
        assert sum(took for begun, took in lost if first <= begun < first + WINDOW_S) <= WINDOW_S / 2
