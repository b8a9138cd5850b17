"""What a project asks of who labels in it, beside their role."""

from __future__ import annotations

from dataclasses import dataclass

from topology.working_hours import WorkingHours


@dataclass(frozen=True, slots=True)
class Access:
    """`devices`: one of these must be in a caller's device claim; empty: any device. `hours`: None: at any time.

    `rules`: Cedar text that forbids more, checked (`topology.permissions.own_rules`).
    """

    training: bool = False
    onboarding: bool = False
    devices: frozenset[str] = frozenset()
    hours: WorkingHours | None = None
    rules: str = ""
