"""Metrics of decide. Labels never hold a person's name: who it was is on the audit, for those who may read it."""

from __future__ import annotations

from prometheus_client import Counter

DRIFTS = Counter(
    "veil_reviewer_drifts_total", "People whose answers have changed, by kind of signal", ["project", "signal"]
)
SIGNALS = Counter(
    "veil_evaluator_signals_total", "Signals of evaluators about labels", ["project", "evaluator", "signal"]
)
EVALUATOR_FAILURES = Counter(
    "veil_evaluator_failures_total",
    "Batches of labels without signals of an evaluator, by why",
    ["project", "evaluator", "failure"],
)
