"""The batches and skills that a project's file names. A record may name no others: what passes to annotators in
clear is chosen by the project's owner, never by what a record holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import Reason, Refused
from schemas.routing import Routing


@dataclass(frozen=True, slots=True)
class KnownRoutes:
    """The names that a project knows."""

    batches: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()

    def check(self, routing: Routing) -> None:
        """Raises Refused (`unknown_batch`, `unknown_skill`); the message quotes no name."""
        if routing.batch and routing.batch not in self.batches:
            raise Refused(Reason.UNKNOWN_BATCH, "the project's file names no such batch (see `batches`)")
        if not self.skills.issuperset(routing.skills):
            raise Refused(Reason.UNKNOWN_SKILL, "the project's file names no such skill (see `skills`)")
