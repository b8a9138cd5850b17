"""What Prometheus and Grafana are given: whom to ask, the alerts, the dashboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.compose.cluster import CENSUS, METRICS, PROMETHEUS, PROMETHEUS_PORT, STARTER, processes
from deploy.compose.networks import COUNTS, DASHBOARDS
from deploy.containers.outfit import INSIDE
from deploy.kubernetes import scraping
from deploy.observability import alerts
from deploy.observability.dashboard import DASHBOARD
from deploy.starting import IDENTITY
from topology.identity import PLATFORM
from topology.loading import Topology

RULES = "rules.yaml"
EVERY = "5s"
"""Three times as often as elsewhere: it is one machine."""
SOURCE = "veilstream"
BOUNDS = {
    "honor_labels": False,
    "honor_timestamps": False,
    "follow_redirects": False,
    "sample_limit": scraping.SAMPLES,
    "body_size_limit": scraping.BODY,
    "label_limit": scraping.LABELS,
    "label_name_length_limit": scraping.NAME_LENGTH,
    "label_value_length_limit": scraping.VALUE_LENGTH,
    "metric_relabel_configs": scraping.BELIEVED,
}
"""How far a process that was taken over is believed: as in a cluster of Kubernetes."""


def prometheus(topology: Topology) -> dict[str, Any]:
    """Prometheus's configuration: every process, under the labels that alerts and dashboard know."""
    targets = [*_targets(topology)]
    return {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": [RULES],
        "scrape_configs": [
            {"job_name": "veilstream", **BOUNDS, "static_configs": targets},
            {"job_name": CENSUS, **BOUNDS, "static_configs": [_target(CENSUS, CENSUS, CENSUS, PLATFORM)]},
        ],
    }


def _targets(topology: Topology) -> Iterator[dict[str, Any]]:
    for it in processes(topology):
        yield _target(it.service, it.slot, it.who.identity.role, it.who.identity.place)
    yield _target(STARTER, IDENTITY.slot(0), IDENTITY.role, PLATFORM)


def _target(service: str, slot: str, role: str, project: str) -> dict[str, Any]:
    labels = {"process": slot, "role": role, "project": project}
    return {"targets": [f"{service}-{COUNTS}:{METRICS}"], "labels": labels}


def prometheus_files(topology: Topology) -> dict[Path, bytes]:
    """Its own folder."""
    return {
        Path("prometheus.yml"): _yaml(prometheus(topology)),
        Path(RULES): _yaml({"groups": alerts.groups()}),
    }


def grafana_files(password: str) -> dict[Path, bytes]:
    """Grafana's: where it finds Prometheus, the dashboard, and who may sign in."""
    source = {
        "apiVersion": 1,
        "datasources": [
            {
                "name": SOURCE,
                "type": "prometheus",
                "access": "proxy",
                "url": f"http://{PROMETHEUS}-{DASHBOARDS}:{PROMETHEUS_PORT}",
                "isDefault": True,
            }
        ],
    }
    dashboards = {
        "apiVersion": 1,
        "providers": [
            {"name": SOURCE, "type": "file", "options": {"path": str(INSIDE / "dashboards")}, "editable": False}
        ],
    }
    json.loads(DASHBOARD.read_bytes())  # what can't be read is not handed on
    return {
        Path("provisioning", "datasources", "prometheus.yaml"): _yaml(source),
        Path("provisioning", "dashboards", "veilstream.yaml"): _yaml(dashboards),
        Path("dashboards", DASHBOARD.name): DASHBOARD.read_bytes(),
        Path("password"): password.encode(),
    }


def _yaml(content: dict[str, Any]) -> bytes:
    return yaml.safe_dump(content, sort_keys=False).encode()
