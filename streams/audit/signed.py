"""Gives events on once a signed head stands over them: what is under no signature counts for nothing."""

from __future__ import annotations

from schemas.audit import AuditEvent

MOST = 10_000
"""So many events of a slot are held back: whoever forges more than a transaction has needs no memory of the
verifier's. They are given on as they are, and a finding of the chain's.
"""


class Signed:
    """Of all slots of a log; the events of each in order."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[AuditEvent]] = {}

    def by(self, event: AuditEvent) -> list[AuditEvent]:
        """The events that are under a signature, now that this one is here: it and those held back, or none."""
        waiting = self._waiting.setdefault(event.slot, [])
        waiting.append(event)
        if event.head_signature is None and len(waiting) < MOST:
            return []
        return self._waiting.pop(event.slot)
