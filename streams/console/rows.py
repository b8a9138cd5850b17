"""An audit event as a row of the live tail: what people look for, without the proof that other tools check.
Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.audit import AuditEvent
from schemas.resources import Kind
from topology.identity import PLATFORM

AUDIT = "audit."


@dataclass(frozen=True, slots=True)
class Row:
    """`number`: in the order the console has read them. `project`: whose audit it stands on, or whom of several a
    platform's event is about. `outcomes`: of a batch, how many offsets ended how.
    """

    number: int
    project: str
    id: str
    time: int
    type: str
    process: str
    person: str
    resource: str
    outcome: str
    decision: str
    reason: str
    purpose: str
    bundle: str
    parents: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value not in ("", (), {})}


def row_of(number: int, topic: str, event: AuditEvent) -> Row:
    """The row of an event that was read from an audit topic."""
    outcomes = Counter(one.outcome.value for one in event.batch.outcomes) if event.batch else Counter()
    return Row(
        number=number,
        project=_project(topic, event.resource),
        id=event.event_id,
        time=event.time,
        type=event.type.value,
        process=event.process,
        person=event.person,
        resource=event.resource,
        outcome=event.outcome,
        decision=event.decision.value,
        reason=event.reason,
        purpose=event.purpose,
        bundle=event.bundle,
        parents=event.parents,
        details=dict(event.details),
        outcomes=dict(outcomes),
    )


def _project(topic: str, resource: str) -> str:
    place = topic.removeprefix(AUDIT)
    kind, _, name = resource.partition("/")
    return name if place == PLATFORM and kind == Kind.PROJECT and name else place
