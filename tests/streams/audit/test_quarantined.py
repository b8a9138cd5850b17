"""What is in quarantine, as the audit tells it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import AuditEvent, BatchCoverage, EventType, OffsetOutcome, RawOutcome
from schemas.records import RawReference
from schemas.resources import batch_resource, raw_resource
from streams.audit.findings import FindingKind
from streams.audit.quarantined import held
from streams.audit.reconcile import reconcile
from streams.audit.report import as_json, text
from streams.audit.reredactions import carried
from tests.streams.audit.generate import PROJECT, World
from tests.streams.audit.test_reconcile import RAW, say
from tests.streams.audit.test_reredactions import begun

HELD, TASK = RawOutcome.QUARANTINED, RawOutcome.TASK


@pytest.fixture
def world() -> World:
    return World(Random(5))


def outcome(offset: int, what: RawOutcome, revision: int = 1) -> OffsetOutcome:
    task = f"{offset:016x}{revision:016x}" if what is TASK else ""
    return OffsetOutcome(offset, what, task, "" if task else "risk_too_high", revision)


def redacted(world: World, *outcomes: OffsetOutcome, role: str = "redact") -> AuditEvent:
    first, after = outcomes[0].offset, outcomes[-1].offset + 1
    batch = BatchCoverage(RAW, 0, first, after, outcomes)
    resource = batch_resource(RAW, 0, first, after)
    details = {"policy": "ab" * 32, "overlap": "3"}
    return say(world, EventType.BATCH_REDACTED, resource, role, batch=batch, details=details)


def released(world: World, offset: int, revision: int = 1, why: str = "", role: str = "replay") -> AuditEvent:
    kind = EventType.RELEASE_MISSED if why else EventType.RELEASE_COPIED
    return say(world, kind, raw_resource(RawReference(RAW, 0, offset, revision)), role, reason=why)


def told(events) -> list[tuple[int, int, str]]:
    return [(one.raw.offset, one.raw.revision, one.ended) for one in held(events)]


def test_what_its_last_revision_put_there_is_in_quarantine(world):
    events = [redacted(world, outcome(0, HELD), outcome(1, TASK), outcome(2, HELD))]
    (first, _) = held(events)
    assert (first.raw, first.reason, first.policy) == (RawReference(RAW, 0, 0, 1), "risk_too_high", "ab" * 32)
    assert first.target == "0.0.1"
    events += [redacted(world, outcome(0, TASK, 2)), redacted(world, outcome(2, HELD, 2))]
    assert told(events) == [(2, 2, "")]


def test_a_release_that_was_copied_is_on_its_way_until_the_record_is_there(world):
    events = [redacted(world, outcome(0, HELD)), released(world, 0)]
    assert told(events) == [(0, 1, "copied")]
    result = reconcile(events, PROJECT)
    assert (result.holds, result.released, result.returning) == (True, 0, 1)
    events.append(redacted(world, outcome(0, TASK, 2)))
    assert told(events) == []
    result = reconcile(events, PROJECT)
    assert (result.holds, result.released, result.returning) == (True, 1, 0)
    assert "released from quarantine: 1 record came back, 0 on the way" in text(result)
    assert as_json(result)["released"] == 1


@pytest.mark.parametrize("why", ["gone", "overtaken"])
def test_a_release_that_came_to_nothing_says_why(world, why):
    events = [redacted(world, outcome(0, HELD)), released(world, 0, why=why)]
    assert told(events) == [(0, 1, why)]
    assert reconcile(events, PROJECT).returning == 0


def test_a_record_is_released_once_a_revision(world):
    events = [redacted(world, outcome(0, HELD)), released(world, 0), released(world, 0)]
    assert {one.kind for one in reconcile(events, PROJECT).findings} == {FindingKind.REVISION}


def test_what_another_says_of_releases_counts_for_nothing_and_is_found(world):
    events = [redacted(world, outcome(0, HELD)), released(world, 0, role="label")]
    assert told(events) == [(0, 1, "")]
    assert FindingKind.WRONG_WRITER in {one.kind for one in reconcile(events, PROJECT).findings}


@pytest.mark.parametrize("resource", ["raw/x", "task/1"])
def test_a_release_of_no_record_is_passed_over_and_found(world, resource):
    events = [redacted(world, outcome(0, HELD)), say(world, EventType.RELEASE_COPIED, resource, "replay")]
    assert told(events) == [(0, 1, "")]
    assert not reconcile(events, PROJECT).holds
    assert carried(events) == {}


def test_a_revision_from_quarantine_counts_for_no_order_to_redact_again(world):
    events = [begun(world, 1, "0:0-2"), begun(world, 2, "0:0-2")]
    events += [released(world, 0, 2), redacted(world, outcome(0, HELD, 2), outcome(1, HELD, 2))]
    events += [redacted(world, outcome(0, HELD, 3), outcome(1, TASK, 3))]
    found = carried(events)
    assert {number: one.redacted for number, one in found.items()} == {1: 2, 2: 1}


@given(st.permutations(range(5)))
def test_it_does_not_matter_in_which_order_events_come(order):
    world = World(Random(5))
    events = [
        redacted(world, outcome(0, HELD), outcome(1, HELD)),
        released(world, 0),
        redacted(world, outcome(0, HELD, 2)),
        released(world, 0, 2, why="gone"),
        released(world, 1),
    ]
    assert sorted(told([events[place] for place in order])) == [(0, 2, "gone"), (1, 1, "copied")]
