from __future__ import annotations

from random import Random

import pytest

from schemas.audit import Event, EventType
from schemas.resources import control_resource, project_resource
from streams.audit.quality import Counts, Pause, quality
from tests.streams.audit.generate import PROJECT, World
from topology.binomial import upper_bound


@pytest.fixture
def world() -> World:
    return World(Random(7))


def scored(world: World, leaked: int, policy: str = "p1") -> None:
    tasks: list[str] = []
    while not tasks:
        tasks = world.redact("redact.demo.0", 0, 1)
    counts = {"values": "10", "leaked": str(leaked), "characters": "50", "leaked_characters": str(2 * leaked)}
    world.score(tasks[0], policy=policy, questions="4", matched="3", **counts)


def said(world: World, kind: EventType, person: str, **details: str) -> int:
    event = Event(kind, project_resource(PROJECT), person=person, details=details)
    return world.writer("decide.demo.0").commit(event)[0].time


def test_the_bound_of_each_policy_is_that_of_its_values(world):
    scored(world, 1)
    scored(world, 0)
    scored(world, 3, policy="p2")
    world.writer("synth.demo.x").commit(
        Event(EventType.GOLD_PUBLISHED, project_resource(PROJECT), details={"records": "4"})
    )
    found = quality(world.events())
    assert (
        found.counts
        == found.total
        == {
            "p1": Counts(2, 20, 1, 100, 2, 8, 6),
            "p2": Counts(1, 10, 3, 50, 6, 4, 3),
        }
    )
    assert found.counts["p1"].bound == upper_bound(1, 20)
    assert found.published == 4


def test_after_a_lift_the_evidence_begins_anew_and_the_whole_is_kept(world):
    scored(world, 5)
    world.time += 1_000
    resource = control_resource("lift/demo/keeper.demo/olga")
    other = Event(EventType.LIFT_ORDERED, resource, details={"of": "contain.demo"})
    world.writer("person.olga.x").commit(other)
    world.time += 1_000
    assert quality(world.events()).counts["p1"].values == 10
    world.writer("person.olga.y").commit(Event(EventType.LIFT_ORDERED, resource, details={"of": "keeper.demo"}))
    world.time += 1_000
    found = quality(world.events())
    assert (found.counts["p1"].values, found.counts["p1"].bound) == (0, 1.0)
    scored(world, 0)
    found = quality(world.events())
    assert (found.counts["p1"].values, found.counts["p1"].leaked) == (10, 0)
    assert (found.total["p1"].values, found.total["p1"].leaked) == (20, 5)


def test_who_is_paused_is_who_was_last_said_to_be(world):
    said(world, EventType.PERSON_PAUSED, "ann-1", answered="20", matched="3")
    since = said(world, EventType.PERSON_PAUSED, "ann-2", answered="30", matched="4")
    said(world, EventType.PERSON_RESUMED, "ann-1")
    assert quality(world.events()).paused == (Pause("ann-2", since, 30, 4),)
    world.writers["decide.demo.0"].start()
    again = said(world, EventType.PERSON_PAUSED, "ann-1", answered="21", matched="5")
    assert [it.since for it in quality(reversed(world.events())).paused] == [again, since]


def test_absurd_numbers_count_for_nothing(world):
    tasks = world.redact("redact.demo.0", 0, 20)
    world.score(tasks[0], policy="p1", values="9" * 5000, leaked="-1", characters="x")
    assert quality(world.events()).counts == {"p1": Counts(records=1)}
