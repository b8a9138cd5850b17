"""One audit event as one line for a person, and as JSON. Colour is the command line's."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.audit import AuditEvent, BatchCoverage, Decision
from schemas.cloudevents import rfc3339
from streams.audit.printable import printable

_TYPE_WIDTH = 18
"""The longest type is `withdrawal.ordered`."""


def line(event: AuditEvent) -> str:
    """Time, slot and number, type, resource, then what is not ordinary. Nothing in it can steer a terminal."""
    said = [_when(event.time), event.event_id, f"{event.type:<{_TYPE_WIDTH}}", event.resource, *_rest(event)]
    return printable("  ".join(said))


def as_json(event: AuditEvent) -> dict[str, object]:
    """The event under the names of its fields; bytes in hex, the time in RFC 3339, what is empty left out."""
    out: dict[str, object] = {
        "id": event.event_id,
        "time": _when(event.time),
        "type": str(event.type),
        "process": event.process,
        "slot": event.slot,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "previous": event.previous.hex(),
        "resource": event.resource,
        "outcome": event.outcome,
        "decision": str(event.decision),
    }
    optional = {
        "person": event.person,
        "purpose": event.purpose,
        "reason": event.reason,
        "bundle": event.bundle,
        "parents": list(event.parents),
        "batch": _batch(event.batch) if event.batch else None,
        "certified_by": event.certificate.signer if event.certificate else "",
        "details": event.details,
        "head_signature": (event.head_signature or b"").hex(),
    }
    return out | {name: value for name, value in optional.items() if value}


def _when(time: int) -> str:
    """RFC 3339, or the bare number where someone wrote a time beyond the year 9999."""
    try:
        return rfc3339(time)
    except OverflowError:
        return f"{time} ms"


def _rest(event: AuditEvent) -> Iterator[str]:
    if event.outcome != "success":
        yield event.outcome
    if event.person:
        yield f"by {event.person}"
    if event.decision is Decision.DENY:
        yield "denied"
    if event.reason:
        yield f"({event.reason})"
    if event.batch:
        yield _counts(event.batch)
    if event.certificate:
        yield f"certified by {event.certificate.signer}"
    if event.head_signature is not None:
        yield "✓"


def _counts(batch: BatchCoverage) -> str:
    counts: dict[str, int] = {}
    for it in batch.outcomes:
        counts[it.outcome] = counts.get(it.outcome, 0) + 1
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))


def _batch(batch: BatchCoverage) -> dict[str, object]:
    return {
        "topic": batch.topic,
        "partition": batch.partition,
        "first": batch.first,
        "next": batch.next,
        "outcomes": [
            {
                "offset": it.offset,
                "outcome": str(it.outcome),
                "task_id": it.task_id,
                "reason": it.reason,
                "revision": it.revision,
            }
            for it in batch.outcomes
        ],
    }
