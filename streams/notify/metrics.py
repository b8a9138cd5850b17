"""Metrics of notify. Labels are names from the project's file and the words of `Outcome`."""

from __future__ import annotations

from prometheus_client import Counter

ATTEMPTS = Counter(
    "veil_webhook_attempts_total",
    "Attempts to deliver a message, by endpoint and outcome",
    ["project", "endpoint", "outcome"],
)
