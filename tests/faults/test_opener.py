"""Opener killed while texts come and go, keeper, broker and vault too: what lies in clear at the end is what has a
mapping, each text came once, and what was taken back stays away.

`VEIL_FAULT_ROUNDS` kills, ten at least; `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from deploy.persons import load_declared, sign
from deploy.publishing import publishing
from deploy.up import Installation
from tests.conftest import without_endpoints
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import load_policy
from topology.policies.canonical import with_hash
from topology.policies.model import Publish

pytestmark = pytest.mark.faults

ROUNDS = max(10, int(os.environ.get("VEIL_FAULT_ROUNDS") or 0))
LONGEST_PAUSE_S = 1.5
EACH_ROUND = 6
VICTIMS = ("opener.outfall.0",) * 3 + ("keeper.outfall.0",)
DECLARED = """
name: outfall
owner: tests
partitions: 2
persons: {authors: [ophira], approvers: [orson], operators: [odile], annotators: [ottilie, oswin, olwen]}
open_texts: true
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """Its policy publishes open."""
    root = tmp_path_factory.mktemp("outfall") / "veil"
    (root / "projects").mkdir(parents=True, mode=0o700)
    (root / "projects" / "outfall.yaml").write_text(DECLARED)
    with Installation(root, ["outfall"], environ=without_endpoints()) as running:
        policy = with_hash(replace(load_policy("demo"), publish=Publish.OPEN))
        sign(root, "outfall", policy, ["ophira", "orson"])
        yield running


@pytest.fixture(scope="module")
def pipeline(installation):
    pipeline = Pipeline(installation.root, load_declared(installation.root), "outfall")
    yield pipeline
    pipeline.close()


def publish(installation, first: int) -> None:
    with publishing(installation.root, "outfall") as publisher:
        for number in range(first, first + EACH_ROUND):
            publisher.publish_json({"product": "kettle", "text": f"outfall number {number} broke"})
        publisher.flush()


def lying(pipeline) -> set[str]:
    found: set[str] = set()
    for message in pipeline.messages("open"):
        name = message.key.decode()
        found.add(name) if message.value is not None else found.discard(name)
    return found


def test_killed_at_random_moments_no_text_is_lost_doubled_or_left_behind(installation, pipeline, random):
    withdrawn: set[str] = set()
    for number in range(ROUNDS):
        publish(installation, number * EACH_ROUND)
        until = time.monotonic() + random.uniform(0, LONGEST_PAUSE_S)
        wait_for(lambda until=until: time.monotonic() >= until, "the moment is drawn")
        if there := sorted({it.task_id for it in pipeline.records("tasks")} - withdrawn):
            task = random.choice(there)
            withdrawn.add(task)
            pipeline.withdraw("odile", task)
        if part := {ROUNDS // 3: "kafka", ROUNDS // 2: "vault"}.get(number):
            installation.stack.kill(part)
            installation.stack.restart(part)
        victim = random.choice(VICTIMS)
        installation.kill_for_good(victim)
        installation.begin(victim)
    installation.wait_healthy()
    tasks = {it.task_id for it in pipeline.wait_records("tasks", ROUNDS * EACH_ROUND)}
    wait_for(lambda: lying(pipeline) == tasks - withdrawn, "what has a mapping lies in clear, and nothing else")
    laid = [it.key for it in pipeline.messages("open") if it.value is not None]
    assert len(laid) == len(set(laid)), "none came twice"
    assert pipeline.reconciled().opened == len(tasks - withdrawn)
