"""How far orders to redact again have come, as the audit tells it."""

from __future__ import annotations

from random import Random

import pytest

from schemas.audit import AuditEvent, BatchCoverage, EventType, OffsetOutcome, RawOutcome
from schemas.resources import batch_resource, control_resource
from streams.audit.reconcile import reconcile
from streams.audit.reredactions import Carried, carried
from tests.streams.audit.generate import PROJECT, World
from tests.streams.audit.test_reconcile import RAW, say
from topology.writers import is_by_its_writer

CONCERN = control_resource(f"reredact/{PROJECT}")


@pytest.fixture
def world() -> World:
    return World(Random(5))


def begun(world: World, number: int, ranges: str, role: str = "replay") -> AuditEvent:
    return say(
        world, EventType.REREDACTION_BEGUN, CONCERN, role, details={"number": str(number), "ranges": ranges}
    )


def ended(world: World, number: int, copied: int, missed: int = 0) -> AuditEvent:
    details = {"number": str(number), "copied": str(copied), "missed": str(missed)}
    return say(world, EventType.REREDACTION_ENDED, CONCERN, "replay", details=details)


def redacted(world: World, *places: tuple[int, int], revision: int) -> AuditEvent:
    """Records of one partition, by partition and offset, each with an outcome."""
    (partition,) = {partition for partition, _ in places}
    outcomes = tuple(OffsetOutcome(at, RawOutcome.DROPPED, "", "no_policy", revision) for _, at in places)
    first, after = outcomes[0].offset, outcomes[-1].offset + 1
    batch = BatchCoverage(RAW, partition, first, after, outcomes)
    resource = batch_resource(RAW, partition, first, after)
    return say(world, EventType.BATCH_REDACTED, resource, "redact", batch=batch)


def test_an_order_is_done_when_each_copy_has_its_outcome(world):
    events = [begun(world, 1, "0:0-3 1:5-9"), redacted(world, (0, 0), (0, 2), revision=2)]
    assert carried(events) == {1: Carried(((0, 0, 3), (1, 5, 9)), redacted=2)}
    events.append(ended(world, 1, 3, 4))
    assert not carried(events)[1].done
    events.append(redacted(world, (1, 6), revision=2))
    found = carried(events)[1]
    assert (found.done, found.copied, found.missed, found.redacted) == (True, 3, 4, 3)
    assert carried(reversed(events)) == {1: found}, "in whatever order events come"


def test_a_record_counts_for_the_order_that_made_its_revision(world):
    events = [begun(world, 1, "0:0-2"), begun(world, 2, "0:1-4")]
    events += [redacted(world, (0, 0), (0, 1), (0, 3), revision=2), redacted(world, (0, 1), revision=3)]
    assert {number: one.redacted for number, one in carried(events).items()} == {1: 2, 2: 2}


def test_what_another_says_of_orders_counts_for_nothing_and_is_found(world):
    event = begun(world, 1, "0:0-2", role="label")
    assert not is_by_its_writer(event)
    assert carried([event]) == {}
    assert not reconcile([event], PROJECT).holds


@pytest.mark.parametrize("ranges", ["", "0", "0:1", "x:1-2", "0:1-2-3", "0:" + "9" * 30 + "-1"])
def test_ranges_that_say_nothing_are_none(world, ranges):
    assert carried([begun(world, 1, ranges)]) == {1: Carried(())}
