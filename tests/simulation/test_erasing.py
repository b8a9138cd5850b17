"""Schedules with erasures, and proof that they would notice."""

from __future__ import annotations

import pytest

from streams.keeper.erasing import Erasing
from streams.redact.suppression import Suppression
from tests.simulation.erasing import run_erasing
from tests.simulation.schedule import Broken

SEEDS = 240
SHARDS = 12
PLANTED = 60


def broken(seed: int) -> str | None:
    try:
        run_erasing(seed)
    except Broken as failure:
        return str(failure)
    return None


@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_of_who_is_erased_is_left_and_none_comes_back(shard):
    assert [failure for failure in map(broken, range(1 + shard, SEEDS, SHARDS)) if failure] == []


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [
        (Suppression, "names_erased", lambda *_: False),
        (Erasing, "came", lambda *_: None),
        (Erasing, "_is_heard", lambda *_: True),
    ],
    ids=["redact makes tasks of them", "late segments are not looked through", "nobody is waited for"],
)
def test_a_planted_bug_is_found(where, name, instead, monkeypatch):
    monkeypatch.setattr(where, name, instead)
    assert any(broken(seed) for seed in range(1, PLANTED))
