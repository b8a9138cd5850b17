"""Whatever else has a name in the audit: the events that name it. An order on `control`, with who took it up."""

from __future__ import annotations

from heapq import heappush, heappushpop
from itertools import islice

from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind
from schemas.resources import Kind, control_resource
from streams.audit.lineage.graph import Relation, Sketch

_SHOWN = (
    *(
        "stages",
        "of",
        "version",
        "minimum",
        "excluded",
        "readmitted",
        "revoked",
        "reinstated",
        "policy",
        "overlap",
        "tasks",
        "messages",
    ),
    *("endpoint", "count", "format", "verdicts", "job", "purpose", "batch", "state"),
)
"""Details that say something to a person; the whole event is in `veil audit tail --json`."""


class MentionFacts:
    """Takes every event of a project; draws those that name a resource, the latest `limit` of them."""

    def __init__(self, sketch: Sketch, resource: str, limit: int) -> None:
        self._sketch = sketch
        self._node = sketch.note(resource)
        self._limit = limit
        self._number = 0
        """Of an event in the reading: a forged record can have another's id and time."""
        self._latest: list[tuple[int, str, int, AuditEvent]] = []

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        if self._node not in (event.resource, *event.parents):
            return
        self._number += 1
        item = (event.time, event.event_id, self._number, event)
        if len(self._latest) < self._limit:
            heappush(self._latest, item)
        else:
            self._sketch.left(EVENT)
            heappushpop(self._latest, item)

    def end(self) -> None:
        """No more events follow."""
        for *_, event in sorted(self._latest):
            draw_event(self._sketch, self._node, event)


class OrderFacts:
    """Takes every event of a project; draws an order on `control`: given when, who took it up, what ended it.

    `asked` is a control resource with its signer or without (then every signer's).
    """

    def __init__(self, sketch: Sketch, project: str, asked: str) -> None:
        self._sketch = sketch
        self._node = sketch.note(asked)
        self._lift = control_resource(f"{ControlKind.LIFT}/{project}/")

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        key = control_resource(event.details["key"]) if event.details.get("key") else ""
        if event.type is EventType.CONTROL_APPLIED:
            if self._is_it(key) or event.resource == self._node:
                self._taken_up(event)
        elif any(self._is_it(it) for it in (event.resource, *event.parents)):
            draw_event(self._sketch, self._node, event)
        elif event.resource.startswith(self._lift) and self._is_frozen_by(event.details.get("of", "")):
            draw_event(self._sketch, self._node, event, Relation.LIFTED)

    def end(self) -> None:
        """No more events follow."""

    def _is_it(self, named: str) -> bool:
        return named == self._node or named.startswith(f"{self._node}/")

    def _is_frozen_by(self, process: str) -> bool:
        """A process's freeze is lifted under another key, which names the process."""
        parts = self._node.split("/")
        return bool(process) and parts[1] == ControlKind.FREEZE and parts[-1].partition(".")[0] == process

    def _taken_up(self, event: AuditEvent) -> None:
        stage = f"stage/{event.process}"
        if self._sketch.room(stage):
            self._sketch.born(stage, event)
            self._sketch.count(stage, "times")
            self._sketch.latest(stage, "last", event.time)
            self._sketch.link(self._node, Relation.APPLIED, stage)


EVENT = "event"


def draw_event(sketch: Sketch, about: str, event: AuditEvent, relation: Relation = Relation.CONCERNED) -> None:
    """An event as a node of its own."""
    node = f"{EVENT}/{event.event_id}"
    if sketch.room(node):
        details = {name: event.details.get(name, "") for name in _SHOWN}
        tasks = list(islice((it for it in event.parents if it.startswith(f"{Kind.TASK}/")), 3))
        sketch.born(
            node,
            event,
            type=event.type,
            resource="" if event.resource == about else event.resource,
            reason=event.reason,
            outcome="" if event.outcome == "success" else event.outcome,
            task=", ".join(tasks),
            **details,
        )
        sketch.link(about, relation, node)
