"""The sealer killed while records flow: its logs only grow, and each root is that of the records before it.

`VEIL_FAULT_ROUNDS` kills, ten at least; `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import os
import time

import httpx
import pytest

from deploy.sealed import SEALER
from tests.support.health import asked
from tests.support.pipeline import Pipeline
from tests.support.sealing import SealedLogs
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

ROUNDS = max(10, int(os.environ.get("VEIL_FAULT_ROUNDS") or 0))
LONGEST_PAUSE_S = 1.0
"""After it said that it works: amid a batch, a signature, a commit."""


@pytest.fixture
def logs(installation, proof):
    pipeline: Pipeline = proof._pipeline
    return SealedLogs(pipeline, f"veilstream-{pipeline.log.cluster()}")


def working(installation) -> bool:
    try:
        return asked(installation.address(SEALER.slot(0)).health_url).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def test_killed_sealer_leaves_no_record_out_and_takes_no_checkpoint_back(installation, load, random, logs):
    load.flow()
    sealer = SEALER.slot(0)
    load.check()
    for _ in range(ROUNDS):
        wait_for(lambda: working(installation), "the sealer works")
        moment = time.monotonic() + random.uniform(0, LONGEST_PAUSE_S)
        wait_for(lambda until=moment: time.monotonic() >= until, "the moment is drawn")
        installation.kill_for_good(sealer)
        installation.begin(sealer)
    before = {name: found[-1].size for name, found in logs.checkpoints().items()}
    wait_for(
        lambda: any(found[-1].size > before.get(name, 0) for name, found in logs.checkpoints().items()),
        "sealing goes on while records flow",
    )
    load.pause()
    wait_for(lambda: load.check() or load.quiet, "the producer is done")
    installation.wait_healthy()
    published = logs.check()
    assert sum(len(found) for found in published.values()) > ROUNDS
