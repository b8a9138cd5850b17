"""Grafana's dashboard for operators, made of `panels.yaml`. Pure but for the two files.

`python -m deploy.observability.dashboard` writes it anew. Grafana's model: schema version 41 (Grafana 12).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
PANELS, DASHBOARD = FOLDER / "panels.yaml", FOLDER / "operators.json"
COLUMNS = 24
STAT_SIZE, GRAPH_SIZE = (4, 4), (8, 8)
"""Width and height, in cells of Grafana's grid."""
SOURCE = {"type": "prometheus", "uid": "${source}"}
NOW = {"instant": True, "range": False}
"""What a number is asked for: of a range Grafana shows the last there was, though nobody says it any more."""


def dashboard(content: Mapping[str, Any]) -> dict[str, Any]:
    """The document that Grafana imports, of what `panels.yaml` holds."""
    return {
        "title": content["title"],
        "uid": "veilstream-operators",
        "schemaVersion": 41,
        "editable": True,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "tags": ["veilstream"],
        "templating": {"list": [_source(), _project()]},
        "panels": list(_numbered(_placed(content["rows"]))),
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _project() -> dict[str, Any]:
    query = "label_values(veil_rounds_total, project)"
    return {
        "name": "project",
        "type": "query",
        "label": "Project",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "project"},
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }


def _placed(rows: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """From left to right, and on the next line where the width ends."""
    y = 0
    for row in rows:
        yield {"type": "row", "title": row["title"], "collapsed": False, "panels": [], "gridPos": _at(0, y, 24, 1)}
        x, y, height = 0, y + 1, 0
        for panel in row["panels"]:
            width, height = STAT_SIZE if panel.get("kind") == "stat" else GRAPH_SIZE
            if x + width > COLUMNS:
                x, y = 0, y + height
            yield _panel(panel) | {"gridPos": _at(x, y, width, height)}
            x += width
        y += height


def _panel(panel: Mapping[str, Any]) -> dict[str, Any]:
    target = {"refId": "A", "datasource": SOURCE, "expr": panel["expr"], "legendFormat": panel.get("legend", "")}
    floor = {} if panel.get("below_zero") else {"min": 0}
    return {
        "type": panel.get("kind", "timeseries"),
        "title": panel["title"],
        "datasource": SOURCE,
        "targets": [target | (NOW if panel.get("kind") == "stat" else {})],
        "fieldConfig": {"defaults": {"unit": panel["unit"], **floor}, "overrides": []},
    }


def _numbered(panels: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return ({"id": number, **panel} for number, panel in enumerate(panels, 1))


def _at(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def text(content: Mapping[str, Any]) -> str:
    """As it stands in `operators.json`."""
    return json.dumps(dashboard(content), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(text(yaml.safe_load(PANELS.read_text(encoding="utf-8"))), encoding="utf-8")
