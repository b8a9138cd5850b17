"""An audit event as a row of the live tail: what people look for, without the proof that other tools check.
Pure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.audit import AuditEvent
from streams.console.concerns import AUDIT, Concern, concern_of


@dataclass(frozen=True, slots=True)
class Row:
    """`number`: in the order the console has read them. `project`: whose audit it stands on, or which one a
    platform's event names. `outcomes`: of a batch, how many offsets ended how. `concern`: who sees it.
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
    concern: Concern
    parents: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What is empty is left out, and so is who sees it."""
        told = asdict(self)
        del told["concern"]
        return {name: value for name, value in told.items() if value not in ("", (), {})}


def row_of(number: int, topic: str, event: AuditEvent) -> Row:
    """The row of an event that was read from an audit topic."""
    concern = concern_of(topic, event)
    outcomes = Counter(one.outcome.value for one in event.batch.outcomes) if event.batch else Counter()
    return Row(
        number=number,
        project=next(iter(concern.projects)) if len(concern.projects) == 1 else topic.removeprefix(AUDIT),
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
        concern=concern,
        parents=event.parents,
        details=dict(event.details),
        outcomes=dict(outcomes),
    )
