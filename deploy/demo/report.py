"""What `.veil/demo/report.json` holds. Names are a contract: add, never rename."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MIN_CANARIES = 100


@dataclass(frozen=True, slots=True)
class Report:
    """The result. Counts of `tasks` to `audit_events` are what the audit proves; README.md explains each."""

    records: int
    tasks: int
    quarantined: int
    dropped: int
    withdrawn: int
    views: int
    labels: int
    skipped: int
    verdicts: int
    joined: int
    gold: int
    gold_values: int
    gold_values_leaked: int
    leak_bound: float
    gold_answers_right: float
    audit_events: int
    reconciled: bool
    audit_verified: bool
    sealed_events: int
    checkpoints: int
    alerts: int
    alerts_about: tuple[str, ...]
    """Severity, rule and subject of each."""
    logs_carried: bool
    """Whether Vault's and Kafka's own logs are among what could have raised one."""
    robots_noticed: int
    """How many of the robots watch found to label faster than anyone reads. It is right, and these are no alerts
    of the run."""
    canaries_planted: int
    canary_forms: int
    canary_hits: int
    searched_mb: float
    label_f1_raw_coordinates: float
    label_f1_robot_without_errors: float
    tone_accuracy: float
    tone_accuracy_robot_without_errors: float
    spans_true: int
    spans_snapped: int
    annotators: int
    quarantine_reasons: dict[str, int]
    seconds: float
    seconds_by_step: dict[str, float]
    throughput_records_per_s: float
    redacted_records_per_s: float
    peak_memory_mb: int
    external_parts: tuple[str, ...]
    failures: tuple[str, ...]
    """One sentence for each thing that is not as it must be; empty in a good run."""

    @property
    def ok(self) -> bool:
        return not self.failures

    def as_json(self) -> dict[str, Any]:
        """Plain values, `ok` first."""
        return {"ok": self.ok, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found, to be judged. `seen_…` are counts of records on the topics, the others the audit's."""

    published: int
    broken: int
    empty: int
    gold_published: int
    gold: int
    records: int
    tasks: int
    quarantined: int
    dropped: int
    withdrawn: int
    verdicts: int
    joined: int
    seen_tasks: int
    seen_quarantined: int
    seen_verdicts: int
    seen_joined: int
    reasons_as_expected: bool
    reconciled: bool
    audit_verified: bool
    audit_events: int
    sealed_events: int
    canaries_planted: int
    canary_hits: int
    shown_after_withdrawal: int


def judge(facts: Facts) -> tuple[str, ...]:
    """One sentence for each thing that is not as it must be."""
    f = facts
    checks = (
        (f.reconciled, "The audit does not add up; `veil audit verify` on the export says where."),
        (f.audit_verified, "The exported audit does not verify."),
        (f.sealed_events == f.audit_events, f"{f.sealed_events} of {f.audit_events} events are sealed."),
        (f.canary_hits == 0, f"{f.canary_hits} canaries were found where none may be."),
        (f.canaries_planted > MIN_CANARIES, f"Only {f.canaries_planted} canaries were planted."),
        (f.records == f.published == f.tasks + f.quarantined + f.dropped, _lost(f)),
        (f.quarantined == f.broken and f.reasons_as_expected, _kept(f)),
        (f.dropped == f.empty, f"{f.empty} records should have been dropped, not {f.dropped}."),
        (f.verdicts == f.joined + f.gold == f.tasks - f.withdrawn, _undecided(f)),
        (f.gold == f.gold_published, f"{f.gold_published} gold records were published, but {f.gold} were scored."),
        (f.withdrawn == 1, f"One task should have been withdrawn, not {f.withdrawn}."),
        (f.shown_after_withdrawal == 0, f"A withdrawn task was shown, {f.shown_after_withdrawal} times."),
        (_seen(f) == (f.tasks, f.quarantined, f.verdicts, f.joined), _disagreement(f)),
    )
    return tuple(sentence for holds, sentence in checks if not holds)


def _seen(f: Facts) -> tuple[int, int, int, int]:
    return f.seen_tasks, f.seen_quarantined, f.seen_verdicts, f.seen_joined


def _lost(f: Facts) -> str:
    became = f"{f.tasks} tasks, {f.quarantined} quarantined and {f.dropped} dropped"
    return f"{f.published} records were published, but {became} came of {f.records}."


def _kept(f: Facts) -> str:
    return (
        f"{f.broken} records were broken on purpose, but {f.quarantined} went to quarantine, "
        "or not for the reasons expected."
    )


def _undecided(f: Facts) -> str:
    decided = f"{f.verdicts} were decided, {f.joined} joined and {f.gold} scored as gold"
    return f"Of {f.tasks} tasks {f.withdrawn} were withdrawn, but {decided}."


def _disagreement(f: Facts) -> str:
    tasks, quarantined, verdicts, joined = _seen(f)
    held = f"{tasks} tasks, {quarantined} quarantined, {verdicts} verdicts, {joined} joined"
    return f"The topics do not hold what the audit says, but {held}."
