"""How the queue stands, and how long people wait for it."""

from __future__ import annotations

from prometheus_client import Gauge, Histogram

TASKS = Gauge("veil_queue_tasks", "Open tasks by what they wait for", ["project", "waiting_for"])
ASKED_SECONDS = Histogram(
    "veil_label_asked_seconds",
    "From a call to the queue to its answer, commit included; a lease that waits for a task not",
    ["project", "asked"],
    buckets=(0.002, 0.005, 0.01, 0.015, 0.02, 0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
