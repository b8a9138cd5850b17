"""How far Vault's own log is matched with the audit. Counts and times only."""

from __future__ import annotations

from dataclasses import dataclass, field

STANDING = "standing"
"""The key of the one record on `matching`; the latest holds."""
BEHIND_MS = 300_000
"""An act is judged about 100 s after it; three times that is a matcher or a shipper that stands still."""


@dataclass(frozen=True, slots=True)
class MatchingStanding:
    """What the matcher has come to. Times in milliseconds, 0 where there is none yet.

    `at`: when it said so; `judged_until`: every use of Vault before it is judged; `audit_until`, `vault_until`: up
    to when each side was read completely; `waiting`: uses that are not judged yet. Since the matcher first ran:
    `matched`, uses that an event has announced, by operation; `alerts`, how many were told, by rule.
    """

    at: int
    judged_until: int
    audit_until: int
    vault_until: int
    waiting: int
    matched: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
