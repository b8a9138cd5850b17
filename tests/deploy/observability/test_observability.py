"""Alerts and dashboard: every expression is one, every metric exists, every alert says what to do."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

import deploy.compose.census
import deploy.handing.renewal  # noqa: F401 - as the census, declares what it counts
import streams
import vault
from deploy.compose.watching import prometheus
from deploy.observability.dashboard import DASHBOARD, FOLDER, PANELS, text
from topology.loading import load_topology

RULES = FOLDER / "rules.yaml"
BY_PROMETHEUS = {"up": {"job"}}
OF_TARGETS = {"process", "role", "project", "job"}
"""Labels that `run/targets.json` gives."""
SUFFIXES = ("_bucket", "_count", "_sum", "_total")
GRAFANA = {"$project": "demo"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return group["rules"]


def panels() -> list[dict[str, Any]]:
    return [panel for row in yaml.safe_load(PANELS.read_text())["rows"] for panel in row["panels"]]


def parsed(expression: str) -> promql_parser.Expr:
    for name, value in GRAFANA.items():
        expression = expression.replace(name, value)
    return promql_parser.parse(expression)


def expressions() -> dict[str, str]:
    said = {f"alert {rule['alert']}": rule["expr"] for rule in rules()}
    return said | {f"panel {number} {panel['title']}": panel["expr"] for number, panel in enumerate(panels())}


def selectors(expression: promql_parser.Expr) -> Iterator[promql_parser.VectorSelector]:
    """Every metric that is asked for."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("lhs", "rhs", "expr", "vector_selector", "args", "param"):
        inner = getattr(expression, name, None)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, promql_parser.Expr):
                yield from selectors(one)


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """Labels by name, of everything that our processes declare."""
    for package in (streams, vault):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("metrics", "gauges", "shown_certificate")):
                importlib.import_module(module.name)
    declared = set(REGISTRY._collector_to_names)
    return {one._name: set(one._labelnames) for one in declared if getattr(one, "_name", "").startswith("veil_")}


def base_of(name: str, metrics: dict[str, set[str]]) -> str:
    """Without what Prometheus's client puts behind it."""
    bases = [name, *(name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix))]
    return next((base for base in bases if base in metrics), "")


@pytest.mark.parametrize("name", expressions())
def test_every_expression_asks_for_metrics_that_exist_by_labels_that_they_have(metrics, name):
    found = list(selectors(parsed(expressions()[name])))
    assert found
    for selector in found:
        labels = BY_PROMETHEUS.get(selector.name)
        if labels is None:
            base = base_of(selector.name, metrics)
            assert base, f"{selector.name} is no metric of ours"
            labels = metrics[base]
        assert {matcher.name for matcher in selector.matchers.matchers} <= labels | OF_TARGETS


def test_no_metric_goes_unseen(metrics):
    """What is on no panel and in no alert is of no use to whoever runs this. Those that are named here are told by
    alerts of the audit itself, or looked up by a person.
    """
    seen = {base_of(one.name, metrics) for text in expressions().values() for one in selectors(parsed(text))}
    unseen = {
        "veil_outputs",
        "veil_checkpoints",
        "veil_shipped_lines",
        "veil_matcher_unreadable",
        "veil_watch_figure",
        "veil_watch_unreadable_records",
        "veil_evaluator_signals",
        "veil_evaluator_failures",
        "veil_reviewer_drifts",
    }
    assert set(metrics) - seen == unseen


def test_every_alert_has_a_severity_and_a_runbook_and_every_runbook_an_alert():
    headings = {
        title.lower() for title in re.findall(r"^## (\w+)$", (FOLDER / "runbooks.md").read_text(), re.MULTILINE)
    }
    for rule in rules():
        file, _, heading = rule["annotations"]["runbook"].partition("#")
        assert file == "runbooks.md"
        assert heading == rule["alert"].lower()
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
    assert headings == {rule["alert"].lower() for rule in rules()}


def test_the_dashboard_is_the_one_that_the_panels_make():
    assert DASHBOARD.read_text(encoding="utf-8") == text(yaml.safe_load(PANELS.read_text(encoding="utf-8")))


def test_panels_lie_beside_each_other_and_never_on_one_another():
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_rules_of_a_cluster_are_seen_firing_and_silent():
    """A rule that never fires would pass where it is only seen silent; one that always does, where only firing."""
    seen: dict[str, set[bool]] = {}
    for case in yaml.safe_load((FOLDER / "rules.test.yaml").read_text())["tests"]:
        for asked in case["alert_rule_test"]:
            seen.setdefault(asked["alertname"], set()).add(bool(asked.get("exp_alerts")))
    of_a_cluster = [rule["alert"] for rule in rules() if "veil_cluster" in rule["expr"]]
    assert len(of_a_cluster) == 4
    for alert in (*of_a_cluster, "VeilStarterNotRenewed", "VeilProcessGone"):
        assert seen[alert] == {True, False}, alert


def test_it_is_told_when_any_process_or_the_census_is_gone():
    (expression,) = [rule["expr"] for rule in rules() if rule["alert"] == "VeilProcessGone"]
    (selector,) = selectors(parsed(expression))
    (jobs,) = [it.value for it in selector.matchers.matchers if it.name == "job"]
    assert set(jobs.split("|")) == {it["job_name"] for it in prometheus(load_topology())["scrape_configs"]}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="not installed: promtool")
def test_rules_fire_when_they_must():
    tested = ["promtool", "test", "rules", str(FOLDER / "rules.test.yaml")]
    done = subprocess.run(tested, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
