"""Replay and redact killed while records are redacted again: each order makes one revision of each record.

`VEIL_FAULT_ROUNDS` kills in all (10 unless set); `VEIL_FAULT_SEED` replays a run that failed.
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

ROUNDS = int(os.environ.get("VEIL_FAULT_ROUNDS") or 10)
ORDERS = max(2, ROUNDS // 30)
"""Each is given while the one before may be under way."""
VICTIMS = (f"replay.{PROJECT}.0", f"redact.{PROJECT}.0", f"redact.{PROJECT}.1")
RECORDS = 800
"""Two rounds of replay and several batches of redact an order: there is something to be amid of."""
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
    for number in range(1, ORDERS + 1):
        pipeline.order_again("olga", "grace", number=number)
        for _ in range(-(-ROUNDS // ORDERS)):
            pass_by(random.uniform(0, LONGEST_PAUSE_S))
            victim = random.choice(VICTIMS)
            installation.kill_for_good(victim)
            installation.begin(victim)
    wanted = Counter(dict.fromkeys(range(1, ORDERS + 2), RECORDS))
    wait_for(lambda: revisions(pipeline).total() >= wanted.total(), "all of it again", DRAIN_S, pause_s=1.0)
    assert revisions(pipeline) == wanted
    tasks = pipeline.records("tasks")
    assert len({task.task_id for task in tasks}) == len(tasks) == wanted.total()
    assert len(pipeline.messages("again")) == ORDERS * RECORDS
    ended = [event.details["number"] for event in pipeline.events(EventType.REREDACTION_ENDED)]
    assert ended == [str(number) for number in range(1, ORDERS + 1)]
    assert pipeline.events(EventType.REREDACTION_MISSED) == []
    earlier = {task.supersedes for task in tasks if task.supersedes}
    wait_for(
        lambda: dropped(pipeline) >= earlier, "the keys of all earlier tasks are destroyed", DRAIN_S, pause_s=1.0
    )
    assert dropped(pipeline) == earlier
    wait_for(lambda: at_rest(pipeline), "the last of it is on the audit", DRAIN_S)
    pipeline.reconciled()


def pass_by(seconds: float) -> None:
    """The moment of a kill is drawn, and no condition to wait for."""
    limit = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() >= limit, "time passes", pause_s=0.005)


def dropped(pipeline: Pipeline) -> set[str]:
    """The tasks that keeper has let go of."""
    events = pipeline.events(EventType.TASK_WITHDRAWN)
    keeper = f"keeper.{PROJECT}"
    return {event.resource.removeprefix("task/") for event in events if event.process == keeper}


def at_rest(pipeline: Pipeline) -> bool:
    """Whether nothing is written any more: a chain that is read while it grows may seem to lack its signature."""
    before = len(pipeline.messages("audit"))
    pass_by(1.0)
    return len(pipeline.messages("audit")) == before


def revisions(pipeline: Pipeline) -> Counter[int]:
    """How many records have an outcome as which revision."""
    found = (one for event in pipeline.events(EventType.BATCH_REDACTED) for one in event.batch.outcomes)
    return Counter(one.revision for one in found if one.outcome is not RawOutcome.EMPTY)
