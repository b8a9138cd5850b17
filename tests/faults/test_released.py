"""Replay and redact killed while records are released from quarantine: each comes back once, as its next revision.

`VEIL_FAULT_ROUNDS` kills in all (10 unless set); `VEIL_FAULT_SEED` replays a run that failed.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from deploy.persons import load_declared
from deploy.publishing import publishing
from schemas.audit import EventType, RawOutcome
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from schemas.records import RawReference
from schemas.routing import Routing
from tests.faults.load import PROJECT
from tests.faults.test_redacted_again import DRAIN_S, VICTIMS, at_rest, pass_by
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("VEIL_FAULT_ROUNDS") or 10)
LONGEST_PAUSE_S = 1.0
UNKNOWN = Routing(batch="nobody-knows-it")
"""Such a record is quarantined, and again each time that it is released."""


@pytest.fixture
def pipeline(installation):
    found = Pipeline(installation.root, load_declared(installation.root), PROJECT)
    yield found
    found.close()


def test_each_release_makes_one_revision_of_its_record_whoever_is_killed(installation, random, pipeline):
    records = published(installation, 2 * ROUNDS)
    wait_for(lambda: revisions(pipeline)[1] == len(records), "everything is quarantined", DRAIN_S, pause_s=1.0)
    for number, raw in enumerate(records):
        order = QuarantineRelease(raw.partition, raw.offset, 1, 1, ReleaseReason.MENDED)
        pipeline.release("olga", "grace", order=order)
        if number % 2:
            pass_by(random.uniform(0, LONGEST_PAUSE_S))
            victim = random.choice(VICTIMS)
            installation.kill_for_good(victim)
            installation.begin(victim)
    wait_for(lambda: revisions(pipeline)[2] >= len(records), "all of them again", DRAIN_S, pause_s=1.0)
    wait_for(lambda: at_rest(pipeline), "the last of it is on the audit", DRAIN_S)
    assert revisions(pipeline) == Counter({1: len(records), 2: len(records)})
    assert len(pipeline.messages("again")) == len(records)
    assert len(pipeline.events(EventType.RELEASE_COPIED)) == len(records)
    assert pipeline.events(EventType.RELEASE_MISSED) == []
    assert pipeline.reconciled().released == len(records)


def published(installation, count: int) -> list[RawReference]:
    found: list[object] = []
    with publishing(installation.root, PROJECT) as publisher:
        for number in range(count):
            publisher.publish_json({"text": f"number {number}"}, done=found.append, routing=UNKNOWN)
        publisher.flush()
    assert all(isinstance(one, RawReference) for one in found)
    return found


def revisions(pipeline: Pipeline) -> Counter[int]:
    """How many records are in quarantine as which revision."""
    found = (one for event in pipeline.events(EventType.BATCH_REDACTED) for one in event.batch.outcomes)
    return Counter(one.revision for one in found if one.outcome is RawOutcome.QUARANTINED)
