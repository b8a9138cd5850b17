"""What Prometheus and Grafana are given there: the alerts, how many processes there should be, the dashboard.

Pure, but for the files of `deploy.observability`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from deploy.kubernetes.cluster import Object
from deploy.kubernetes.placing import Environment, Placed, least
from deploy.kubernetes.scraping import API
from deploy.observability import alerts
from deploy.observability.dashboard import DASHBOARD
from topology.loading import Topology

RULES, BOARD = "veilstream", "veilstream-dashboard"
DECLARED = "veil_processes_declared"
"""How many processes of an identity there are at least: who has no pod is no target, and not seen to be gone."""
ELSEWHERE = ("veil_cluster_", "veil_starter_")
"""What the census and the starter count, who have no pods: brokers and Vault are their own operators' to watch."""
SIDECAR = {"grafana_dashboard": "1"}
"""By this label Grafana's sidecar finds dashboards, unless it is told another."""


def watching(everybody: Iterable[Placed], topology: Topology) -> Iterator[Object]:
    """The alerts and the dashboard, beside who serves all projects."""
    groups = [
        *_alerts(),
        {"name": "declared", "rules": [_declared(who, topology) for who in everybody if who.counted]},
    ]
    yield _named(API, "PrometheusRule", RULES) | {"spec": {"groups": groups}}
    board = _named("v1", "ConfigMap", BOARD)
    board["metadata"]["labels"] = dict(SIDECAR)
    yield board | {"data": {f"veilstream-{DASHBOARD.name}": DASHBOARD.read_text(encoding="utf-8")}}


def _alerts() -> Iterator[Object]:
    """Those of `rules.yaml` that can fire here."""
    for group in alerts.groups():
        yield group | {"rules": [rule for rule in group["rules"] if not _is_elsewhere(rule)]}


def _is_elsewhere(rule: dict[str, Any]) -> bool:
    return any(name in rule["expr"] for name in ELSEWHERE)


def _declared(who: Placed, topology: Topology) -> Object:
    labels = {"role": who.identity.role, "project": who.identity.place}
    return {"record": DECLARED, "expr": f"vector({least(who, topology)})", "labels": labels}


def _named(api: str, kind: str, name: str) -> Object:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": Environment.PLATFORM.namespace},
    }
