"""Thousands of schedules against the invariants, and proof that they would notice.

A failing seed is one line to replay:
`VEIL_SIM_SEED=4711 python -m pytest tests/simulation -k replay`.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from tests.simulation import mutants
from tests.simulation.schedule import Broken, run

SCHEDULES = int(os.environ.get("VEIL_SIM_SCHEDULES", "2000"))
FIRST_SEED = int(os.environ.get("VEIL_SIM_FIRST_SEED", "1"))
CHUNK = 50
MUTANT_SCHEDULES = 400
"""A mutant has to fail well within a minute: 400 schedules take about 40 s on one core."""


def _chunk(first: int) -> list[str]:
    broken = []
    for seed in range(first, min(first + CHUNK, FIRST_SEED + SCHEDULES)):
        try:
            run(seed)
        except Broken as failure:
            broken.append(str(failure))
    return broken


def test_every_schedule_keeps_the_invariants() -> None:
    starts = range(FIRST_SEED, FIRST_SEED + SCHEDULES, CHUNK)
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        broken = [failure for chunk in pool.map(_chunk, starts) for failure in chunk]
    assert broken == []


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
