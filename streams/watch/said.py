"""What an audit event says, read with care: numbers of limited length, only from the role whose trade it is."""

from __future__ import annotations

from schemas.audit import AuditEvent, EventType

_DIGITS = 18
_WRITER = {
    EventType.BATCH_REDACTED: "redact",
    EventType.BUNDLE_ADOPTED: "redact",
    EventType.TASK_VIEWED: "label",
    EventType.TASK_RELEASED: "label",
    EventType.TASK_SKIPPED: "label",
    EventType.TASK_REPORTED: "label",
    EventType.LABEL_SUBMITTED: "label",
    EventType.LEASE_EXPIRED: "label",
    EventType.TASK_WITHDRAWN: "label",  # join says so, too: a task is withdrawn once
    EventType.ACCESS_DENIED: "label",
    EventType.VERDICT_REACHED: "decide",
    EventType.LABEL_JOINED: "join",
    EventType.GOLD_SCORED: "join",
}
"""Whose events count; reconciliation finds those of others."""


def is_by_its_writer(event: AuditEvent) -> bool:
    """Whether the role wrote it that such events belong to; the others are anybody's."""
    role = _WRITER.get(event.type)
    return role is None or event.process.startswith(f"{role}.")


def number(event: AuditEvent, name: str) -> int:
    """A count among the details; 0 where there is none."""
    text = event.details.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def ten_thousandths(event: AuditEvent, name: str) -> int | None:
    """A number with up to four digits after the point, times 10,000; None where there is none."""
    text = event.details.get(name, "")
    whole, _, rest = text.removeprefix("-").partition(".")
    digits = whole + rest.ljust(4, "0")[:4]
    if not (whole and digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        return None
    return -int(digits) if text.startswith("-") else int(digits)
