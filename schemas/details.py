"""Numbers among an event's details: whoever writes them may write anything, so they are read with care. Pure."""

from __future__ import annotations

from schemas.audit import AuditEvent

MOST_DIGITS = 19
"""Of a version, which is below 2^63. Longer ones are none: they would cost time and memory."""


def number(event: AuditEvent, name: str, digits: int = MOST_DIGITS) -> int | None:
    """The number that stands there in decimal digits; None for anything else."""
    text = event.details.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
