from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from schemas.audit import Decision, Event, EventType
from streams.audit import tail
from tests.streams.audit.generate import World, random_world


def test_line_names_time_event_type_resource_and_person():
    world = World(Random(1))
    event = Event(EventType.ACCESS_DENIED, "lease/1", "refused", Decision.DENY, "ana", reason="not_permitted")
    written = world.writer("label.demo.0").commit(event)[0]
    assert tail.line(written) == (
        f"{tail.rfc3339(written.time)}  label.demo.0/2  access.denied       lease/1  refused  by ana  denied"
        "  (not_permitted)  ✓"
    )


def test_line_of_a_start_names_who_certified_it():
    world = World(Random(1))
    started = world.writer("label.demo.0").commit() or world.events()[0]
    assert "certified by label.demo" in tail.line(started)


def test_line_of_a_batch_counts_its_outcomes():
    lines = [tail.line(event) for event in random_world(3).events() if event.batch]
    assert any(" task" in line for line in lines)


def test_name_that_could_steer_a_terminal_is_made_harmless():
    world = World(Random(1))
    event = Event(EventType.TASK_VIEWED, "task/\x1b[2J\n1", person="a\u202eb")
    line = tail.line(world.writer("label.demo.0").commit(event)[0])
    assert line.isprintable()


def test_json_of_every_event_is_plain_and_holds_its_fields():
    for event in random_world(3).events():
        plain = json.loads(json.dumps(tail.as_json(event)))
        assert plain["id"] == event.event_id
        assert plain["type"] == event.type
        assert plain["resource"] == event.resource
        assert ("batch" in plain) is (event.batch is not None)


def test_absurd_time_is_shown_as_a_number():
    event = replace(random_world(3).events()[0], time=2**62)
    assert tail.line(event).startswith(f"{2**62} ms  ")
    assert tail.as_json(event)["time"] == f"{2**62} ms"
