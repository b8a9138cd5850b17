"""Whom Prometheus asks, and under which labels: a PodMonitor for its operator in each namespace of ours. Pure.

A target's labels are those that it has everywhere (`deploy.up.addresses`, `deploy.compose.watching`): job,
process, role, project. Here they are read off its pod's. A Prometheus in a cluster is not ours alone, so a process
that was taken over is believed little: it can't speak for another job, process or pod, name its own times, send
Prometheus elsewhere or fill it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deploy.health_server import ANSWERED_WITHIN_S
from deploy.kubernetes.cluster import NAME, Object
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.pods import METRICS, OURS, POD_INDEX
from deploy.kubernetes.routes import IDENTITY

API = "monitoring.coreos.com/v1"
MONITOR = "veilstream"
EVERY = "15s"
"""As beside `veil up`: rates over a minute see four."""
TOLD = "role|project|endpoint"
"""Labels of our metrics that are a target's, too. What a metric says comes first: watch's name the project that
they are about, not watch's own.
"""
BELIEVED = [
    {"action": "labelmap", "regex": f"exported_({TOLD})", "replacement": "$1"},
    {"action": "labeldrop", "regex": f"exported_({TOLD})"},
]
"""No other label of a metric takes the place of its target's."""
SAMPLES, BODY = 20_000, "8MB"
"""What is read of one answer at most. A process has some 200 series, watch a few hundred for each project."""
LABELS, NAME_LENGTH, VALUE_LENGTH = 40, 100, 300
"""Of a series. A target has nine, ours four besides, and of a pod's name there may be 253 characters."""


def monitors(everybody: Iterable[Placed]) -> Iterator[Object]:
    """One of each namespace in which somebody serves metrics."""
    for namespace in dict.fromkeys(who.namespace for who in everybody if who.counted):
        yield {
            "apiVersion": API,
            "kind": "PodMonitor",
            "metadata": {"name": MONITOR, "namespace": namespace},
            "spec": {
                "jobLabel": NAME,
                "selector": {"matchLabels": {NAME: OURS}},
                "podMetricsEndpoints": [_endpoint()],
                "sampleLimit": SAMPLES,
                "bodySizeLimit": BODY,
                "labelLimit": LABELS,
                "labelNameLengthLimit": NAME_LENGTH,
                "labelValueLengthLimit": VALUE_LENGTH,
            },
        }


def _endpoint() -> Object:
    return {
        "port": METRICS,
        "path": "/metrics",
        "interval": EVERY,
        "scrapeTimeout": f"{ANSWERED_WITHIN_S:.0f}s",
        "honorLabels": False,
        "honorTimestamps": False,
        "followRedirects": False,
        "relabelings": [
            _read(IDENTITY, r"([^.]+)\..+", "role"),
            _read(IDENTITY, r"[^.]+\.(.+)", "project"),
            # Fronts have no numbers, so their pods' names tell them apart.
            {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "process"},
            _read(IDENTITY, r"(.+\.[0-9]+)", "process", POD_INDEX),
        ],
        "metricRelabelings": BELIEVED,
    }


def _read(label: str, what: str, target: str, *more: str) -> Object:
    sources = [f"__meta_kubernetes_pod_label_{re.sub(r'[^a-zA-Z0-9_]', '_', it)}" for it in (label, *more)]
    return {
        "sourceLabels": sources,
        "separator": ".",
        "regex": what,
        "replacement": "$1",
        "targetLabel": target,
    }
