"""Every metric of the loop, declared once. Labels never hold anything but names from the topology."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WELL = Gauge("veil_well", "1 while this process works or stands by, else 0")
ROUNDS = Counter("veil_rounds_total", "Transactions committed by the loop", ["role", "project"])
MESSAGES = Counter("veil_messages_total", "Messages consumed and committed", ["role", "project"])
OUTPUTS = Counter(
    "veil_outputs_total", "Records produced and committed, audit and state included", ["role", "project"]
)
STANDS = Gauge(
    "veil_stands",
    "1 while what came waits for people: a freeze, no policy or job in force, a review that is over",
    ["role", "project"],
)
LAST_EVENT = Gauge(
    "veil_last_event_seconds",
    "When the last event was said that is committed to the audit, as a Unix time",
    ["role", "project"],
)
EVENTS = Counter("veil_events_total", "Events committed to the audit by the loop", ["role", "project"])
SETBACKS = Counter(
    "veil_setbacks_total", "Rounds that did not commit, by the kind of error", ["role", "project", "kind"]
)
# Buckets from a lone task view (3 ms on two cores) to a batch that waits for a slow vault.
ROUND_SECONDS = Histogram(
    "veil_round_seconds",
    "From the first message of a round to its commit",
    ["role", "project"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
BEHIND = Gauge(
    "veil_behind_seconds",
    "How long the oldest record of the last batch had lain on its topic when the batch was committed; 0 when idle",
    ["role", "project"],
)
TRACE_SPANS = Counter(
    "veil_trace_spans_total",
    "Spans for the collector, where traces are on: sent, unsent (it didn't take them), overflow (no room to wait)",
    ["fate"],
)
