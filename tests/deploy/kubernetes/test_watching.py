"""The alerts are those of everywhere, but for what nobody counts there; the dashboard is the same."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml

import deploy.compose.census
import deploy.handing.renewal
from deploy.kubernetes.watching import DECLARED
from deploy.observability import alerts
from deploy.observability.dashboard import DASHBOARD
from tests.deploy.observability.expressions import parsed, rules, selectors

PROMTOOL = shutil.which("promtool")


def one(objects, kind):
    (found,) = [it for it in objects if it["kind"] == kind]
    return found


def groups(objects):
    return {it["name"]: it["rules"] for it in one(objects, "PrometheusRule")["spec"]["groups"]}


def counted_elsewhere(rule) -> bool:
    """By whoever has no pods."""
    gauges = {
        it._name
        for module in (deploy.compose.census, deploy.handing.renewal)
        for it in vars(module).values()
        if getattr(it, "_name", "").startswith("veil_")
    }
    assert gauges
    return bool({it.name for it in selectors(parsed(rule["expr"]))} & gauges)


def test_alerts_are_those_of_everywhere_but_for_what_nobody_counts_there(objects):
    (group,) = alerts.groups()
    assert groups(objects)["veilstream"] == [rule for rule in group["rules"] if not counted_elsewhere(rule)]
    left_out = {rule["alert"] for rule in rules() if counted_elsewhere(rule)}
    assert left_out == {
        *(
            "VeilBrokerGone",
            "VeilVaultNodeGone",
            "VeilVaultWithoutLeader",
            "VeilCopiesLag",
            "VeilStarterNotRenewed",
        )
    }


def test_it_is_said_how_many_processes_there_are_at_least(objects):
    declared = {
        (rule["labels"]["role"], rule["labels"]["project"]): rule["expr"] for rule in groups(objects)["declared"]
    }
    assert {rule["record"] for rule in groups(objects)["declared"]} == {DECLARED}
    assert declared["redact", "letters"] == declared["front", "demo"] == "vector(2)"
    assert declared["keeper", "demo"] == declared["seal", "platform"] == "vector(1)"
    assert not {"backup", "inspector"} & {role for role, _ in declared}


def test_no_more_are_declared_than_are_made(objects):
    made = {
        f"{it['metadata']['name']}": it["spec"]["replicas"]
        for it in objects
        if it["kind"] in {"StatefulSet", "Deployment"} and "replicas" in it["spec"]
    }
    made |= {
        it["metadata"]["name"]: it["spec"]["minReplicaCount"] for it in objects if it["kind"] == "ScaledObject"
    }
    declared = {
        f"{it['labels']['role']}-{it['labels']['project']}": int(it["expr"][len("vector(") : -1])
        for it in groups(objects)["declared"]
    }
    assert declared.keys() == made.keys()
    assert all(count <= made[name] for name, count in declared.items())


def test_the_dashboard_is_found_by_grafana_s_sidecar_and_is_the_one_that_people_import(objects):
    board = one(objects, "ConfigMap")
    assert board["metadata"]["labels"] == {"grafana_dashboard": "1"}
    ((name, content),) = board["data"].items()
    assert name == "veilstream-operators.json"
    assert json.loads(content) == json.loads(DASHBOARD.read_text())
    assert len(content) < 250_000  # who applies without `--server-side` keeps it in an annotation, too


@pytest.mark.skipif(PROMTOOL is None, reason="not installed: promtool")
def test_prometheus_takes_the_rules(objects, tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(one(objects, "PrometheusRule")["spec"]))
    done = subprocess.run(
        [PROMTOOL, "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
