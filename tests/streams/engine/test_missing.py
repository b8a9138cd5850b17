from __future__ import annotations

import pytest

from streams.engine.missing import PATIENCE_S, REMEMBERED, Missing


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def missing(clock):
    return Missing(lambda: clock[0])


def test_each_place_is_awaited_from_when_it_was_missed_first(missing, clock):
    assert not missing.for_good("a")
    clock[0] = PATIENCE_S - 1
    assert not missing.for_good("a")
    assert not missing.for_good("b")
    clock[0] = PATIENCE_S
    assert missing.for_good("a")
    assert not missing.for_good("b")
    clock[0] = 2 * PATIENCE_S
    assert missing.for_good("b")


def test_what_was_found_is_awaited_anew(missing, clock):
    missing.for_good("a")
    clock[0] = PATIENCE_S
    missing.found("a")
    missing.found("never missed")
    assert not missing.for_good("a")


def test_so_many_places_are_remembered_and_no_more(missing, clock):
    for place in range(REMEMBERED + 1):
        missing.for_good(place)
    clock[0] = PATIENCE_S
    assert missing.for_good(1)
    assert not missing.for_good(0)
