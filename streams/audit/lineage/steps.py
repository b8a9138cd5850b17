"""What happens to a task after it was made, drawn event by event: seen, labeled, decided, joined, refused.

Each function takes the sketch, an event and the id of the task that it speaks of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schemas.audit import AuditEvent, EventType
from schemas.resources import (
    Kind,
    joined_resource,
    lease_resource,
    task_resource,
    verdict_resource,
)
from streams.audit.lineage.graph import Relation, Sketch, when

Step = Callable[[Sketch, AuditEvent, str], None]
_ENDINGS = {
    EventType.TASK_SKIPPED: "skipped",
    EventType.TASK_RELEASED: "released",
    EventType.TASK_REPORTED: "reported",
    EventType.LEASE_EXPIRED: "expired",
    EventType.LEASE_REVOKED: "revoked",
}
_OF_VERDICT = (
    *("status", "method", "confidence", "why", "persons", "adjudicator", "snapshot", "agreement"),
    *("choices", "spans", "rejected"),
)
_OF_SCORE = ("persons", "questions", "matched", "values", "leaked", "characters", "leaked_characters")


def _viewed(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """Each opening of the same lease is counted; the first is the node's."""
    lease = _first(event, Kind.LEASE)
    if not lease or not sketch.room(lease):
        return
    sketch.note(task_resource(task_id), segment=_first(event, Kind.SEGMENT))
    sketch.born(lease, event, purpose=event.purpose, **_some(event, "rule", "client", "job"))
    sketch.count(lease, "views")
    sketch.latest(lease, "last_view", event.time)
    sketch.link(task_resource(task_id), Relation.LEASED, lease)


def _laid_out(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """In clear on `open.P`; where it could not be opened, why."""
    if event.outcome == "success":
        sketch.note(task_resource(task_id), event, opened=when(event.time))
    else:
        sketch.note(task_resource(task_id), event, not_opened=event.reason)


def _retracted(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    sketch.note(task_resource(task_id), event, retracted=when(event.time), retracted_reason=event.reason)


def _renewed(sketch: Sketch, event: AuditEvent, _task_id: str) -> None:
    if event.resource in sketch:
        sketch.count(event.resource, "heartbeats")


def _hinted(sketch: Sketch, event: AuditEvent, _task_id: str) -> None:
    """How many asks, one again included; which placeholders is for the audit itself."""
    lease = _first(event, Kind.LEASE)
    if lease in sketch:
        sketch.count(lease, "hints")


def _commented(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """Who wrote it, and how much; what, no event says."""
    if sketch.room(event.resource):
        lead = "true" if event.details.get("lead") == "true" else ""
        comment = sketch.born(event.resource, event, lead=lead, **_some(event, "length"))
        sketch.link(task_resource(task_id), Relation.COMMENTED, comment)


def _noted(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """What redact made of a comment."""
    if sketch.room(event.resource):
        standing = "shown" if event.outcome == "success" else "refused"
        sketch.note(event.resource, event, standing=standing, reason=event.reason)
        sketch.link(task_resource(task_id), Relation.COMMENTED, event.resource)


def _read(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """One node a person and task, however often they looked at its comments, or added one."""
    reading = f"comments/{task_id}/{event.person}"
    if sketch.room(reading):
        sketch.born(reading, event, purpose=event.purpose, **_some(event, "rule", "client"))
        sketch.count(reading, "views")
        sketch.latest(reading, "last_view", event.time)
        sketch.link(task_resource(task_id), Relation.OPENED, reading)


def _lease_ended(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    lease = event.resource if event.resource.startswith(lease_resource("")) else _first(event, Kind.LEASE)
    if lease and sketch.room(lease):
        sketch.note(lease, event, ended=_ENDINGS[event.type], ended_at=when(event.time), ended_reason=event.reason)
        sketch.link(task_resource(task_id), Relation.LEASED, lease)


def _labeled(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    if not sketch.room(event.resource):
        return
    label, lease = sketch.born(event.resource, event), _first(event, Kind.LEASE)
    if lease and sketch.room(lease):
        sketch.note(lease, event, ended="labeled", ended_at=when(event.time))
        sketch.link(task_resource(task_id), Relation.LEASED, lease)
        sketch.link(lease, Relation.LABELED, label)
    else:
        sketch.link(task_resource(task_id), Relation.LABELED, label)


def _signalled(sketch: Sketch, event: AuditEvent, _task_id: str) -> None:
    if sketch.room(event.resource):
        signal = f"{event.details.get('evaluator', '')}.{event.details.get('signal', '')}"
        sketch.note(event.resource, event, **{signal: event.details.get("value", "")})


def _denied(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    """One node a person and task, however often they tried."""
    denied = f"denied/{task_id}/{event.person}"
    if sketch.room(denied):
        sketch.born(denied, event, reason=event.reason, **_some(event, "action", "rule"))
        sketch.count(denied, "times", 1 + suppressed(event))
        sketch.link(task_resource(task_id), Relation.REFUSED, denied)


def _looked_at(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    find = f"find/{event.event_id}"
    if sketch.room(find):
        sketch.born(find, event, purpose=event.purpose)
        sketch.link(event.resource if event.resource in sketch else task_resource(task_id), Relation.OPENED, find)


def _revealed(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    reveal = f"reveal/{event.event_id}"
    if sketch.room(reveal):
        sketch.born(reveal, event, purpose=event.purpose, **_some(event, "grant", "approved_a", "approved_b"))
        sketch.link(task_resource(task_id), Relation.OPENED, reveal)


def _decided(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    verdict = sketch.born(verdict_resource(task_id), event, **_some(event, *_OF_VERDICT))
    labels = [it for it in _all(event, Kind.LABEL) if sketch.room(it)]
    for label in labels:
        sketch.link(label, Relation.COUNTED, verdict)
    if not labels:
        sketch.link(task_resource(task_id), Relation.DECIDED, verdict)


def _ordered(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    order = f"order/{event.event_id}"
    if sketch.room(order):
        sketch.born(order, event, reason=event.reason, **_some(event, "order", "granted", "agreement"))
        sketch.link(task_resource(task_id), Relation.ORDERED, order)


def _closed(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    sketch.note(task_resource(task_id), event, closed=when(event.time), closed_reason=event.reason)


def _joined(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    sketch.note(task_resource(task_id), segment=event.details.get("segment", ""))
    named = (event.resource, *event.parents)
    raw = next((it for it in named if it.startswith(f"{Kind.RAW}/")), "")
    joined = sketch.born(
        joined_resource(task_id), event, stands_in=raw, **_some(event, "status", "spans", "snapped")
    )
    sketch.link(verdict_resource(task_id), Relation.JOINED, joined)


def _scored(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    score = sketch.born(f"score/{task_id}", event, **_some(event, *_OF_SCORE))
    sketch.link(verdict_resource(task_id), Relation.SCORED, score)


def _refused(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    refused = f"refused/{event.event_id}"
    if sketch.room(refused):
        record = event.resource if event.resource.startswith(f"{Kind.MESSAGE}/") else ""
        sketch.born(refused, event, reason=event.reason, record=record)
        sketch.link(task_resource(task_id), Relation.REFUSED, refused)


def _taken_out(sketch: Sketch, event: AuditEvent, task_id: str) -> None:
    sketch.born(event.resource, event, state="rewritten", reason=event.reason)
    sketch.link(task_resource(task_id), Relation.REMOVED, event.resource)


def suppressed(event: AuditEvent) -> int:
    """How many refusals like this one were not written since the last."""
    text = event.details.get("suppressed", "")
    return int(text) if text.isdecimal() else 0


def _some(event: AuditEvent, *names: str) -> dict[str, str]:
    return {name: event.details.get(name, "") for name in names}


def _all(event: AuditEvent, kind: Kind) -> list[str]:
    return [it for it in event.parents if it.startswith(f"{kind}/")]


def _first(event: AuditEvent, kind: Kind) -> str:
    return next(iter(_all(event, kind)), "")


STEPS: Mapping[EventType, Step] = {
    EventType.TASK_VIEWED: _viewed,
    EventType.TEXTS_OPENED: _laid_out,
    EventType.TEXTS_RETRACTED: _retracted,
    EventType.HINT_SHOWN: _hinted,
    EventType.COMMENT_WRITTEN: _commented,
    EventType.COMMENT_REDACTED: _noted,
    EventType.COMMENTS_VIEWED: _read,
    EventType.LEASE_RENEWED: _renewed,
    **dict.fromkeys(_ENDINGS, _lease_ended),
    EventType.LABEL_SUBMITTED: _labeled,
    EventType.EVALUATOR_SIGNALLED: _signalled,
    EventType.ACCESS_DENIED: _denied,
    EventType.FIND_OPENED: _looked_at,
    EventType.VALUE_REVEALED: _revealed,
    EventType.VERDICT_REACHED: _decided,
    EventType.WORK_ORDERED: _ordered,
    EventType.TASK_CLOSED: _closed,
    EventType.LABEL_JOINED: _joined,
    EventType.GOLD_SCORED: _scored,
    EventType.RECORD_REFUSED: _refused,
    EventType.SEGMENT_REWRITTEN: _taken_out,
}
"""Steps by the events that tell of them. Withdrawals are drawn by `tasks`, which knows the orders' names."""
