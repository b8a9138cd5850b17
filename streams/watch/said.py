"""What an audit event says, read with care: numbers of limited length, only from the role whose trade it is."""

from __future__ import annotations

from schemas import details
from schemas.audit import AuditEvent, EventType
from topology.writers import is_by_its_writer

_DIGITS = 18
_LABEL = "label."


def counts(event: AuditEvent) -> bool:
    """Whether it was its writer's to say; a withdrawal, which all stages confirm, is label's."""
    return is_by_its_writer(event) and (event.type is not EventType.TASK_WITHDRAWN or _took_a_task(event))


def _took_a_task(event: AuditEvent) -> bool:
    """Label confirms all withdrawals there ever were, after each start: the others say nothing of this window."""
    return event.process.startswith(_LABEL) and event.details.get("held") == "true"


def number(event: AuditEvent, name: str) -> int:
    """A count among the details; 0 where there is none."""
    return details.number(event, name) or 0


def ten_thousandths(event: AuditEvent, name: str) -> int | None:
    """A number with up to four digits after the point, times 10,000; None where there is none."""
    text = event.details.get(name, "")
    whole, _, rest = text.removeprefix("-").partition(".")
    digits = whole + rest.ljust(4, "0")[:4]
    if not (whole and digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        return None
    return -int(digits) if text.startswith("-") else int(digits)
