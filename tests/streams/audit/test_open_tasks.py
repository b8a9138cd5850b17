from __future__ import annotations

from random import Random

import pytest

from schemas.audit import Event, EventType
from schemas.resources import lease_resource, segment_resource, task_resource
from streams.audit.open_tasks import open_tasks, released_tasks, shown_to
from tests.streams.audit.generate import World


@pytest.fixture
def world() -> World:
    return World(Random(3))


def some(world: World, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        found += world.redact("redact.demo.0", 0, 4)
    return found[:count]


def say(world: World, by: str, kind: EventType, task: str, person: str = "", **details: str) -> None:
    parents = (lease_resource(f"{task}-1"),)
    world.writer(by).commit(Event(kind, task_resource(task), person=person, parents=parents, details=details))


def test_a_task_is_open_until_it_is_closed_joined_or_withdrawn(world):
    closed, joined, ordered, withdrawn, left = some(world, 5)
    say(world, "label.demo.0", EventType.TASK_CLOSED, closed)
    world.join(joined)
    say(world, "person.olga.x", EventType.WITHDRAWAL_ORDERED, ordered, "olga")
    say(world, "keeper.demo.0", EventType.TASK_WITHDRAWN, withdrawn)
    for events in (world.events(), world.events()[::-1]):
        found = open_tasks(events)
        assert left in found
        assert not {closed, joined, ordered, withdrawn} & found.keys()


def lay_out(world: World, kind: EventType, *tasks: str) -> None:
    event = Event(kind, segment_resource("redact.demo.0/1/1"), parents=tuple(map(task_resource, tasks)))
    world.writer("opener.demo.0").commit(event)


def test_what_a_policy_has_released_lies_in_clear_even_where_its_work_is_over(world):
    closed, back, pulled, sealed, left = some(world, 5)
    lay_out(world, EventType.TEXTS_OPENED, closed, back, pulled)
    lay_out(world, EventType.TEXTS_RETRACTED, back)
    for task in (closed, back, pulled, sealed):
        say(world, "label.demo.0", EventType.TASK_CLOSED, task)
    say(world, "person.olga.x", EventType.WITHDRAWAL_ORDERED, pulled, "olga")
    found = released_tasks(world.events(), "demo")
    assert {closed, left} <= found.keys()
    assert not {back, pulled, sealed} & found.keys()
    assert found.keys() - {closed} == open_tasks(world.events()).keys()
    assert released_tasks(world.events(), "other").keys() == open_tasks(world.events()).keys()


def test_what_somebody_was_shown_is_told_of_the_person_and_of_the_app(world):
    by_app, by_hand, over, others = some(world, 4)
    say(world, "label.demo.0", EventType.TASK_VIEWED, by_app, "ann", client="app triage-ui")
    say(world, "label.demo.0", EventType.TASK_VIEWED, by_hand, "ann", client="page")
    say(world, "label.demo.0", EventType.TASK_VIEWED, over, "ann", client="app triage-ui")
    say(world, "label.demo.0", EventType.TASK_VIEWED, others, "ben", client="page")
    say(world, "label.demo.0", EventType.TASK_CLOSED, over)
    events = world.events()
    assert shown_to(events, "ann") == tuple(sorted((by_app, by_hand)))
    assert shown_to(events, "triage-ui") == (by_app,)
    assert shown_to(events, "nobody") == ()


def test_a_view_that_another_role_tells_of_counts_for_nothing(world):
    (task,) = some(world, 1)
    say(world, "join.demo.0", EventType.TASK_VIEWED, task, "ann", client="page")
    assert shown_to(world.events(), "ann") == ()
