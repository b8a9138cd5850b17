"""From what a run has left behind to its report: search for canaries, compare with the truth, judge."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.canaries import Canary
from deploy.demo.example import EXAMPLE
from deploy.demo.measuring import MIB
from deploy.demo.records import NOTE, Input
from deploy.demo.reference import Offline, example_of, raw_record
from deploy.demo.report import Facts, Report, judge
from deploy.demo.results import Pair, beside_truth
from deploy.demo.run import PROJECT, Plan, Trace
from deploy.demo.scoring import Answered, Score, score
from deploy.demo.search import CanarySearch, Hit
from deploy.demo.summary import Example
from schemas.alerts import Alert
from schemas.audit import RawOutcome
from schemas.resources import person_resource
from streams.audit.quality import Counts
from streams.audit.reconcile import Reconciliation
from streams.label.robots import RobotReport
from streams.redact.outcome import Redacted

PACE = "pace"
"""The rule of watch for whoever labels faster than anyone reads."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What only the harness can measure."""

    seconds: float
    by_step: dict[str, float]
    peak_memory_mb: int


def search_everywhere(
    plan: Plan, trace: Trace, search: CanarySearch, temporary_before: Collection[str]
) -> set[Hit]:
    """Canaries in what the topics held (found on the way), in every file, in every answer. All is stopped by now.

    `temporary_before`: what was in the machine's folder for temporary files before the run; the rest is searched.
    """
    hits = set(trace.seen.hits)
    for answer in trace.answers:
        hits |= search.in_bytes(answer, "HTTP answers")
    hits |= search.below(plan.root)
    hits |= search.below(plan.audit)
    for path in temporary_folder().iterdir():
        if path.name not in temporary_before and not plan.root.is_relative_to(path):
            hits |= search.below(path)
    return hits


def temporary_folder() -> Path:
    """Where programs leave temporary files if nobody tells them otherwise."""
    return Path(tempfile.gettempdir())


def measured(plan: Plan, trace: Trace) -> tuple[Score, Score, Example]:
    """The score of the joined labels, that of a robot without errors, and the example to show."""
    offline = Offline.of(plan.policy, [*plan.inputs, EXAMPLE])
    perfect = _perfect_pairs(plan.inputs, offline.perfect(), trace)
    shown = offline.outcomes[-1]
    assert isinstance(shown, Redacted), "the example is made to be shown"
    example = example_of(shown, raw_record(EXAMPLE), plan.policy.labels, NOTE)
    return score(beside_truth(trace.joined, trace.published.places, plan.inputs)), score(perfect), example


def _perfect_pairs(inputs: Sequence[Input], answers: Sequence[Answered | None], trace: Trace) -> list[Pair]:
    """The same records as were joined, so that the two scores compare."""
    return [
        (answer, Answered(one.truth.spans, one.truth.tone))
        for one, answer in zip(inputs, answers, strict=False)
        if answer is not None and one.truth is not None and trace.published.places[one.name] in trace.joined
    ]


def of_a_robots_pace(alert: Alert, robots: Sequence[RobotReport]) -> bool:
    """Whether watch has noticed that a robot labels faster than anyone reads. It is right, wherever a robot has
    labeled for long enough; how long that takes depends on the machine and on where in a minute the run began.
    """
    return alert.rule == PACE and alert.subject in {person_resource(robot.person) for robot in robots}


def report_of(
    plan: Plan,
    trace: Trace,
    scores: tuple[Score, Score],
    planted: Sequence[Canary],
    search: CanarySearch,
    hits: set[Hit],
    figures: Figures,
) -> Report:
    """Everything together, judged."""
    verification = trace.verification
    assert verification is not None, "a run that came this far has its audit"
    audit = verification.reconciliations[PROJECT]
    published = len(trace.published.everywhere)
    gold = trace.quality.total.get(plan.policy.hash, Counts())
    ours, best = scores
    wrong = [alert for alert in trace.alerts if not of_a_robots_pace(alert, trace.robots)]
    return Report(
        records=audit.records,
        tasks=audit.tasks,
        quarantined=audit.quarantined,
        dropped=audit.dropped,
        withdrawn=audit.withdrawn,
        views=audit.views,
        labels=audit.labels,
        skipped=audit.skipped,
        verdicts=audit.verdicts,
        joined=audit.joined,
        gold=audit.gold,
        gold_values=gold.values,
        gold_values_leaked=gold.leaked,
        leak_bound=round(gold.bound, 4),
        gold_answers_right=round(gold.matched / max(1, gold.questions), 4),
        audit_events=audit.events,
        reconciled=audit.holds,
        audit_verified=verification.holds and verification.own_pins,
        sealed_events=trace.sealed.events,
        checkpoints=trace.sealed.checkpoints,
        alerts=len(wrong),
        alerts_about=tuple(sorted(f"{it.severity.value} {it.rule}: {it.subject}" for it in wrong)),
        logs_carried=trace.shipped,
        robots_noticed=len(trace.alerts) - len(wrong),
        canaries_planted=len(planted),
        canary_forms=search.needles,
        canary_hits=len(hits),
        searched_mb=round(search.searched / MIB, 1),
        label_f1_raw_coordinates=round(ours.f1, 4),
        label_f1_robot_without_errors=round(best.f1, 4),
        tone_accuracy=round(ours.choice_accuracy, 4),
        tone_accuracy_robot_without_errors=round(best.choice_accuracy, 4),
        spans_true=ours.right + ours.missed,
        spans_snapped=sum(span.snapped for label in trace.joined.values() for span in label.spans),
        annotators=len(trace.robots),
        quarantine_reasons=dict(sorted(_reasons(trace).items())),
        seconds=round(figures.seconds, 1),
        seconds_by_step=figures.by_step,
        throughput_records_per_s=round(published / trace.to_joined_s, 1),
        redacted_records_per_s=round(published / trace.redact_s, 1),
        peak_memory_mb=figures.peak_memory_mb,
        external_parts=trace.external,
        failures=judge(_facts(plan, trace, audit, verification.holds, planted, hits)),
    )


def _facts(
    plan: Plan,
    trace: Trace,
    audit: Reconciliation,
    verified: bool,
    planted: Sequence[Canary],
    hits: set[Hit],
) -> Facts:
    return Facts(
        published=len(trace.published.everywhere),
        gold_published=len(trace.published.gold),
        gold=audit.gold,
        broken=len(plan.broken),
        empty=sum(one.truth is None for one in plan.inputs),
        records=audit.records,
        tasks=audit.tasks,
        quarantined=audit.quarantined,
        dropped=audit.dropped,
        withdrawn=audit.withdrawn,
        verdicts=audit.verdicts,
        joined=audit.joined,
        seen_tasks=trace.seen.counts["tasks"],
        seen_quarantined=trace.seen.counts["quarantine"],
        seen_verdicts=trace.seen.counts["verdicts"],
        seen_joined=len(trace.seen.joined),
        reasons_as_expected=_reasons(trace) == Counter(bad.reason.value for bad in plan.broken),
        reconciled=audit.holds,
        audit_verified=verified,
        audit_events=audit.events,
        sealed_events=trace.sealed.events,
        canaries_planted=len(planted),
        canary_hits=len(hits),
        shown_after_withdrawal=sum(trace.withdrawn_task.encode() in answer for answer in trace.answers),
    )


def _reasons(trace: Trace) -> Counter[str]:
    outcomes = trace.seen.outcomes.values()
    return Counter(one.reason for one in outcomes if one.outcome is RawOutcome.QUARANTINED)
