"""Replay and redact killed while records are redacted again: each order makes one revision of each record.

`VEIL_FAULT_ROUNDS` kills, ten at least; `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from deploy.persons import load_declared
from deploy.publishing import publishing
from schemas.audit import EventType, RawOutcome
from tests.faults.load import PROJECT
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

ROUNDS = max(10, int(os.environ.get("VEIL_FAULT_ROUNDS") or 0))
VICTIMS = (f"replay.{PROJECT}.0", f"redact.{PROJECT}.0", f"redact.{PROJECT}.1")
RECORDS = 1_200
"""Three rounds of replay and several batches of redact an order: there is something to be amid of."""
LONGEST_PAUSE_S = 1.0
DRAIN_S = 240.0


@pytest.fixture
def pipeline(installation):
    found = Pipeline(installation.root, load_declared(installation.root), PROJECT)
    yield found
    found.close()


def test_each_order_makes_one_revision_of_each_record_whoever_is_killed(installation, random, pipeline):
    with publishing(installation.root, PROJECT) as publisher:
        for number in range(RECORDS):
            publisher.publish_json({"text": f"please send number {number}"})
        publisher.flush()
    wait_for(lambda: revisions(pipeline)[1] == RECORDS, "everything is redacted once", DRAIN_S, pause_s=1.0)
    for number in (1, 2):
        pipeline.order_again("olga", "grace", number=number)
        for _ in range(ROUNDS // 2):
            moment = time.monotonic() + random.uniform(0, LONGEST_PAUSE_S)
            wait_for(lambda until=moment: time.monotonic() >= until, "the moment is drawn", pause_s=0.005)
            victim = random.choice(VICTIMS)
            installation.kill_for_good(victim)
            installation.begin(victim)
    wanted = Counter({1: RECORDS, 2: RECORDS, 3: RECORDS})
    wait_for(lambda: revisions(pipeline).total() >= wanted.total(), "all of it again, twice", DRAIN_S, pause_s=1.0)
    assert revisions(pipeline) == wanted
    assert len({task.task_id for task in pipeline.records("tasks")}) == 3 * RECORDS
    assert len(pipeline.messages("again")) == 2 * RECORDS
    assert [event.details["number"] for event in pipeline.events(EventType.REREDACTION_ENDED)] == ["1", "2"]
    assert pipeline.events(EventType.REREDACTION_MISSED) == []
    pipeline.reconciled()


def revisions(pipeline: Pipeline) -> Counter[int]:
    """How many records have an outcome as which revision."""
    found = (one for event in pipeline.events(EventType.BATCH_REDACTED) for one in event.batch.outcomes)
    return Counter(one.revision for one in found if one.outcome is not RawOutcome.EMPTY)
