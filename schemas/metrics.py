"""What watch publishes of a window of time: counts without small ones, and figures that rest on enough of them.

Counts of one window never come with their total, so that none follows from the others; who wants a share divides
what is there. A count that is not there is below `SUPPRESSED_BELOW`, or would tell one that is. So a window
without any record is one in which nothing was counted often enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

SUPPRESSED_BELOW = 10
"""Smaller counts are never published (DESIGN §9)."""


class Cell(StrEnum):
    """What is counted. Add, never rename."""

    TASKS = "tasks"
    DROPPED = "dropped"
    VIOLATIONS = "violations"
    """Records quarantined because what was to be shown would have broken the policy."""
    QUARANTINED = "quarantined"
    """Records quarantined for any other reason."""
    FIELDS_REDACTED = "fields_redacted"
    FIELDS_UNTOUCHED = "fields_untouched"
    CHARACTERS_REDACTED = "characters_redacted"
    CHARACTERS_UNTOUCHED = "characters_untouched"
    VIEWS = "views"
    LABELS = "labels"
    SKIPS = "skips"
    RELEASES = "releases"
    EXPIRIES = "expiries"
    REPORTS = "reports"
    WITHDRAWALS = "withdrawals"
    """Open tasks that label let go of because somebody withdrew them."""
    FREEZES = "freezes"
    DENIALS = "denials"
    REFUSALS = "refusals"
    """Records that a stage could not use, other than what redact quarantined."""
    VERDICTS = "verdicts"
    JOINED = "joined"


class Figure(StrEnum):
    """What is computed. Durations in milliseconds, off by 2.4 % at most (`schemas.durations`): from the append of
    a raw record to its task, from there to the first label, from the last label to the joined one.
    """

    RAW_TO_TASK_P50 = "raw_to_task_p50"
    RAW_TO_TASK_P95 = "raw_to_task_p95"
    TASK_TO_LABEL_P50 = "task_to_label_p50"
    TASK_TO_LABEL_P95 = "task_to_label_p95"
    LABEL_TO_JOINED_P50 = "label_to_joined_p50"
    LABEL_TO_JOINED_P95 = "label_to_joined_p95"
    AGREEMENT = "agreement"
    """Mean agreement of verdicts."""
    LEAK_BOUND = "leak_bound"
    """What the share of leaked values of gold does not exceed, with 95 % confidence, from all gold up to here."""


@dataclass(frozen=True, slots=True)
class Metric:
    """On `metrics.P`, key `<policy>/<length>/<since>`. Written once a window is final, and never differently.

    `policy`: the hash of the redaction policy; empty for what belongs to the project as a whole. `since` ≤ t <
    `until`, in milliseconds; `cells` by `Cell`, `figures` by `Figure`.
    """

    project: str
    policy: str
    policy_name: str
    since: int
    until: int
    cells: dict[str, int] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key on the topic of its project."""
        return f"{self.policy or '-'}/{self.until - self.since}/{self.since}"
