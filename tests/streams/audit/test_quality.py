from __future__ import annotations

from random import Random

import pytest

from schemas.audit import Event, EventType
from schemas.records import RawReference
from schemas.resources import control_resource, project_resource, raw_resource
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


def said(world: World, kind: EventType, person: str, by: str = "decide.demo.0", **details: str) -> int:
    event = Event(kind, project_resource(PROJECT), person=person, details=details)
    return world.writer(by).commit(event)[0].time


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


def frozen(world: World, policy: str, version: int, by: str = "keeper.demo.0") -> None:
    resource = control_resource("freeze/demo/keeper.demo")
    details = {"hash": policy, "version": str(version)}
    world.writer(by).commit(Event(EventType.FREEZE_ORDERED, resource, details=details))
    world.time += 1_000


def signed(world: World, version: int, person: str, of: str = "keeper.demo", by: str = "") -> None:
    resource, details = control_resource(f"lift/demo/{of}/{person}"), {"of": of, "version": str(version)}
    event = Event(EventType.LIFT_ORDERED, resource, person=person, details=details)
    world.writer(by or f"person.{person}.x").commit(event)
    world.time += 1_000


def lifted(world: World, version: int, of: str = "keeper.demo", by: str = "") -> None:
    for person in ("olga", "grace"):
        signed(world, version, person, of, by)


def test_one_person_alone_begins_nothing_anew_however_often_they_sign(world):
    scored(world, 5)
    world.time += 1_000
    frozen(world, "p1", 7)
    signed(world, 7, "olga")
    signed(world, 9, "olga")
    signed(world, 6, "grace")
    assert quality(world.events()).counts["p1"].values == 10
    scored(world, 0)
    world.time += 1_000
    signed(world, 7, "grace")
    assert quality(world.events()).counts["p1"].values == 0


def test_after_a_lift_the_evidence_begins_anew_and_the_whole_is_kept(world):
    scored(world, 5)
    world.time += 1_000
    frozen(world, "p1", 7_000_000_000_000)
    lifted(world, 7_000_000_000_000, of="contain.demo")
    assert quality(world.events()).counts["p1"].values == 10
    lifted(world, 7_000_000_000_000)
    found = quality(world.events())
    assert (found.counts["p1"].values, found.counts["p1"].bound) == (0, 1.0)
    scored(world, 0)
    found = quality(world.events())
    assert (found.counts["p1"].values, found.counts["p1"].leaked) == (10, 0)
    assert (found.total["p1"].values, found.total["p1"].leaked) == (20, 5)


def test_a_lift_begins_only_the_policy_anew_whose_freeze_it_ends_and_only_once(world):
    """As keeper does: what was counted under another policy, or after the first lift, stays."""
    scored(world, 5)
    scored(world, 1, policy="p2")
    world.time += 1_000
    frozen(world, "p1", 7)
    lifted(world, 6)
    assert quality(world.events()).counts["p1"].values == 10
    lifted(world, 7)
    assert {name: it.values for name, it in quality(world.events()).counts.items()} == {"p1": 0, "p2": 10}
    scored(world, 0)
    world.time += 1_000
    frozen(world, "p2", 8)
    lifted(world, 8)
    found = quality(reversed(world.events()))
    assert {name: it.values for name, it in found.counts.items()} == {"p1": 10, "p2": 0}
    assert {name: it.values for name, it in found.total.items()} == {"p1": 20, "p2": 10}


def test_what_another_role_says_of_gold_counts_for_nothing(world):
    scored(world, 5)
    world.time += 1_000
    frozen(world, "p1", 7, by="label.demo.0")
    lifted(world, 7)
    assert quality(world.events()).counts["p1"].values == 10
    frozen(world, "p1", 8)
    lifted(world, 8, by="label.demo.0")
    assert quality(world.events()).counts["p1"].values == 10
    said(world, EventType.PERSON_PAUSED, "ann-1", by="label.demo.0", answered="20", matched="3")
    raw, counts = raw_resource(RawReference("raw.demo", 0, 0)), {"policy": "p3", "values": "10", "leaked": "0"}
    world.writer("label.demo.0").commit(Event(EventType.GOLD_SCORED, raw, details=counts))
    found = quality(world.events())
    assert (found.paused, sorted(found.counts)) == ((), ["p1"])


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
