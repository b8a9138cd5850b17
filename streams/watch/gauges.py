"""The last final metrics for Prometheus; what is suppressed is not there."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Gauge

from schemas.metrics import Metric

_NAMES = ["project", "policy", "window_s", "name"]
CELLS = Gauge("veil_watch_count", "Count of the last final window, by policy; none below ten", _NAMES)
FIGURES = Gauge("veil_watch_figure", "Figure of the last final window, by policy", _NAMES)
FINAL = Gauge(
    "veil_watch_final_seconds", "Up to when windows are final, as a Unix time; 0 where none is", ["project"]
)
UNREADABLE = Gauge("veil_watch_unreadable_records", "Records of the audit since the start that are no event")


def show(metrics: Iterable[Metric]) -> None:
    """Show these; of a policy and length the last one stays, alone."""
    for metric in metrics:
        place = metric.project, metric.policy_name or metric.policy, str((metric.until - metric.since) // 1000)
        for gauge, values in ((CELLS, metric.cells), (FIGURES, metric.figures)):
            gauge.remove_by_labels(dict(zip(_NAMES, place, strict=False)))
            for name, value in values.items():
                gauge.labels(*place, name).set(value)
