"""A thousand schedules against the invariants, and proof that they would notice.

A failing seed is one line to replay:
`VEIL_SIM_SEED=4711 python -m pytest tests/simulation -k replay`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation import mutants
from tests.simulation.schedule import Broken, run

SCHEDULES = int(os.environ.get("VEIL_SIM_SCHEDULES", "1000"))
FIRST_SEED = int(os.environ.get("VEIL_SIM_FIRST_SEED", "1"))
SHARDS = 100
"""Each a test, so that the lanes share the seeds; ten of them take 1 s."""
MUTANT_SCHEDULES = 400
"""A mutant has to fail well within a minute: 400 schedules take about 40 s on one core."""


def _broken(seed: int) -> str | None:
    try:
        run(seed)
    except Broken as failure:
        return str(failure)
    return None


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_schedule_keeps_the_invariants(shard: int) -> None:
    seeds = range(FIRST_SEED + shard, FIRST_SEED + SCHEDULES, SHARDS)
    assert [failure for failure in map(_broken, seeds) if failure] == []


@pytest.mark.skipif("VEIL_SIM_SEED" not in os.environ, reason="replays the seed in VEIL_SIM_SEED")
def test_replay() -> None:
    run(int(os.environ["VEIL_SIM_SEED"]))


@pytest.mark.parametrize("mutant", mutants.ALL, ids=lambda mutant: mutant.__name__)
def test_a_planted_bug_is_found(mutant: Callable[[], dict[str, Any]]) -> None:
    for seed in range(1, MUTANT_SCHEDULES + 1):
        try:
            run(seed, **mutant())
        except Broken:
            return
    pytest.fail(f"{MUTANT_SCHEDULES} schedules did not notice")


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert run(7) == run(7)
