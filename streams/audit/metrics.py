"""Every metric of the sealer, declared once. Labels hold names of topics only."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ENTRIES = Counter("veil_sealed_entries_total", "Records of audit topics appended to their log's tree", ["topic"])
CHECKPOINTS = Counter("veil_checkpoints_total", "Checkpoints of logs that were signed", ["topic"])
# Buckets around what is promised: two seconds.
BEHIND_SECONDS = Histogram(
    "veil_checkpoint_behind_seconds",
    "Age of the oldest record that a checkpoint is the first to cover",
    ["topic"],
    buckets=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 60),
)
