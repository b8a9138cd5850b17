"""What a record is told as: ids and outcomes, never a text, a span, a choice or a person.

The body is that of Standard Webhooks 1.0: `type`, `timestamp` (ISO 8601) and `data`. A message's id follows from
what it tells, so that its receiver knows it again, whether it comes after a failure, a crash or by order. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.records import Label, Order, Verdict, WorkOrder
from schemas.resources import label_resource, task_resource, verdict_resource
from topology.webhooks import WebhookEvent

_ID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Told:
    """One message, the same for every endpoint. `resource` is what the audit calls what it tells of.

    `body` is sent as it is: the signature covers its bytes. `at` in milliseconds since the epoch.
    """

    message_id: str
    event: WebhookEvent
    resource: str
    at: int
    body: bytes


def of_label(project: str, label: Label, at: int) -> Told:
    """Somebody has ended a lease for good: `outcome` says whether by a label, a skip or a report."""
    data = {"label": label.label_id, "outcome": label.outcome.value}
    return _told(
        project,
        WebhookEvent.LABEL_SUBMITTED,
        label.task_id,
        label.label_id,
        at,
        label_resource(label.label_id),
        data,
    )


def of_verdict(project: str, verdict: Verdict, at: int) -> Told:
    """The verdict of a task is there: how it came about, and how sure it is."""
    data = {
        "status": verdict.status.value,
        "method": verdict.method,
        "confidence": round(verdict.confidence, 4),
        "why": verdict.why,
        "labels": len(verdict.contributions),
    }
    return _told(
        project, WebhookEvent.VERDICT_REACHED, verdict.task_id, "", at, verdict_resource(verdict.task_id), data
    )


def of_order(project: str, order: WorkOrder, at: int) -> Told | None:
    """A task is closed, with a verdict or without one; None for orders that keep it open."""
    if order.kind is not Order.CLOSE:
        return None
    data = {"reason": order.reason}
    return _told(project, WebhookEvent.TASK_CLOSED, order.task_id, "", at, task_resource(order.task_id), data)


def of_withdrawal(project: str, task_id: str, at: int) -> Told:
    """A task is pulled everywhere: who holds anything of it has to let go."""
    return _told(project, WebhookEvent.TASK_WITHDRAWN, task_id, "", at, task_resource(task_id), {})


def _told(
    project: str, event: WebhookEvent, task_id: str, part: str, at: int, resource: str, data: Mapping[str, object]
) -> Told:
    digest = hashlib.sha256(f"{project}\n{event}\n{task_id}\n{part}".encode()).hexdigest()
    content = {
        "type": event.value,
        "timestamp": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds"),
        "data": {"project": project, "task": task_id, **data},
    }
    body = json.dumps(content, separators=(",", ":")).encode()
    return Told(f"msg_{digest[:_ID_DIGITS]}", event, resource, at, body)
