"""Every metric of sealer, shipper and matcher, declared once. Labels hold names of topics, logs and rules only."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("veil_sealed_entries_total", "Records of audit topics appended to their log's tree", ["topic"])
CHECKPOINTS = Counter("veil_checkpoints_total", "Checkpoints of logs that were signed", ["topic"])
SEALED_UP_TO = Gauge("veil_sealed_up_to_seconds", "When the newest sealed record was appended, as a Unix time")
# Buckets around what is promised: two seconds.
BEHIND_SECONDS = Histogram(
    "veil_checkpoint_behind_seconds",
    "Age of the oldest record that a checkpoint is the first to cover",
    ["topic"],
    buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 60),
)
LINES = Counter("veil_shipped_lines_total", "Lines of the logs of Vault and Kafka that were read", ["log"])
ALERTS = Counter(
    "veil_matcher_alerts_total", "Alerts about what no event announced, and what was denied", ["rule"]
)
UNMATCHED = Counter("veil_matcher_unreadable_total", "Records that the matcher can't read", ["topic"])
JUDGED_UP_TO = Gauge("veil_matcher_judged_seconds", "Up to when uses of Vault are judged, as a Unix time")
