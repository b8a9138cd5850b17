"""From an id to its lineage, from the audit of one project alone.

The log is read two or three times, so that only what belongs to the answer is kept: to find out what the id means,
to follow it, and for a task to look up what stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from schemas.audit import AuditEvent
from schemas.control import ControlKind
from schemas.errors import ConfigError
from schemas.resources import Kind, policy_resource, task_resource
from streams.audit.lineage.asked import BUNDLE, POLICY_NAME, Reading, meant, place_of
from streams.audit.lineage.graph import Lineage, Sketch
from streams.audit.lineage.mentions import MentionFacts, OrderFacts
from streams.audit.lineage.persons import PersonFacts
from streams.audit.lineage.policies import PolicyFacts
from streams.audit.lineage.surroundings import Around
from streams.audit.lineage.tasks import TaskFacts, withdrawal

Events = Callable[[], Iterable[AuditEvent]]
"""Begins a reading of the project's audit, each slot's events in order; called up to three times."""
LIMIT = 50
"""How many things of a kind are shown unless more are asked for."""
_OF_TASKS = frozenset({Kind.TASK, Kind.VERDICT, Kind.JOINED, Kind.LABEL, Kind.LEASE, Kind.COMMENT})
_OF_POLICIES = frozenset({Kind.POLICY, POLICY_NAME, BUNDLE})


class _Facts(Protocol):
    def add(self, event: AuditEvent) -> None: ...

    def end(self) -> None: ...


def trace(events: Events, project: str, text: str, limit: int = LIMIT) -> Lineage | None:
    """The lineage of what `text` names; None where it occurs nowhere in these events.

    Raises ConfigError for what can't be an id or may mean two things, and whatever `events` raises.
    """
    if limit < 1:
        raise ConfigError("a lineage shows one thing of a kind at least")
    reading = meant(text, events())
    return None if reading is None else _follow(events, project, text, reading, limit)


def _follow(events: Events, project: str, text: str, reading: Reading, limit: int) -> Lineage:
    sketch = Sketch(limit)
    if reading.kind in _OF_TASKS or reading.kind == Kind.RAW:
        return _tasks(events, project, text, reading, sketch)
    if task := _ordered(reading, ControlKind.WITHDRAW):
        reading.tasks[task] = None
        return _tasks(events, project, text, reading, sketch)
    if reading.kind in _OF_POLICIES:
        facts: _Facts = PolicyFacts(sketch, project, reading.policies)
        subjects = _subjects_of_policy(reading)
    elif policy := _ordered(reading, ControlKind.POLICY):
        facts, subjects = PolicyFacts(sketch, project, [policy]), [policy_resource(policy)]
    elif reading.kind == Kind.PERSON:
        facts, subjects = PersonFacts(sketch, reading.id), [str(reading)]
    elif reading.kind == Kind.CONTROL:
        facts, subjects = OrderFacts(sketch, project, str(reading)), [str(reading)]
    else:
        facts, subjects = MentionFacts(sketch, str(reading), limit), [str(reading)]
    _read(events, facts)
    return sketch.done(project, text, [it for it in subjects if it in sketch])


def _ordered(reading: Reading, kind: ControlKind) -> str:
    """What an order of that kind is about (`<kind>/<project>/<this>/…`); empty for all else."""
    found, _, target, *_ = [*reading.id.split("/"), "", "", ""]
    return target if reading.kind == Kind.CONTROL and found == kind else ""


def _tasks(events: Events, project: str, text: str, reading: Reading, sketch: Sketch) -> Lineage:
    place = place_of(reading) if reading.kind == Kind.RAW else None
    _read(events, TaskFacts(sketch, project, reading.tasks, place))
    around = Around(sketch, project)
    for event in events():
        around.add(event)
    tasks = [task_resource(it) for it in reading.tasks]
    if reading.kind == Kind.RAW:
        subjects = [it for it in sketch.ids(Kind.RAW) if f"{it}/".startswith(f"{reading}/")]
    elif reading.kind == Kind.CONTROL:
        subjects = [withdrawal(project, it) for it in reading.tasks]
    else:
        subjects = [str(reading)] if str(reading) in sketch else tasks
    return sketch.done(project, text, [it for it in subjects if it in sketch])


def _subjects_of_policy(reading: Reading) -> list[str]:
    return [str(reading)] if reading.kind == BUNDLE else [policy_resource(it) for it in reading.policies]


def _read(events: Events, facts: _Facts) -> None:
    for event in events():
        facts.add(event)
    facts.end()
