"""Alerts and dashboard: every expression is one, every metric exists, every alert says what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.compose.watching import prometheus
from deploy.observability.dashboard import DASHBOARD, FOLDER, PANELS, text
from deploy.up.addresses import Address, read_addresses, write_addresses
from tests.deploy.observability.expressions import (
    BY_PROMETHEUS,
    all_metrics,
    base_of,
    expressions,
    labels_of,
    left,
    parsed,
    rules,
    selectors,
    told,
)
from topology.loading import load_topology


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    return all_metrics()


def of_targets(groups: list[dict]) -> set[str]:
    """Those that each has, and the one of its job."""
    return {"job", *set.intersection(*(set(group["labels"]) for group in groups))}


def on_one_machine(root) -> set[str]:
    write_addresses(root, [Address("redact.demo.0", "redact", "demo", 0, 9464)])
    assert read_addresses(root)
    return of_targets(json.loads((root / "run" / "targets.json").read_text()))


def in_containers() -> set[str]:
    jobs = prometheus(load_topology())["scrape_configs"]
    return of_targets([group for job in jobs for group in job["static_configs"]])


@pytest.mark.parametrize("name", expressions())
def test_every_expression_asks_for_metrics_that_exist_and_by_labels_that_they_and_targets_have(
    metrics, name, tmp_path
):
    (tmp_path / "run").mkdir()
    expression = parsed(expressions()[name])
    for selector in selectors(expression):
        assert selector.name in BY_PROMETHEUS or base_of(selector.name, metrics), (
            f"{selector.name} is none of ours"
        )
    for target in (on_one_machine(tmp_path), in_containers()):
        assert told()[name] <= left(expression, labels_of(metrics, target))


@pytest.mark.parametrize(
    "wrong",
    ["sum by (projekt) (veil_rounds_total)", 'veil_rounds_total{kind="x"}', "veil_rounds_total / on (kind) up"],
)
def test_a_label_that_is_not_there_is_found(metrics, wrong):
    with pytest.raises(AssertionError):
        left(parsed(wrong), labels_of(metrics, in_containers()))


def test_labels_are_names_of_the_topology_and_words_of_ours_and_of_nobody_s_record(metrics):
    """Who asks for metrics sees no value, no person, no key, no offset and no id."""
    places = {"role", "project", "topic", "log", "endpoint", "policy", "evaluator"}
    words = {"kind", "fate", "outcome", "rule", "waiting_for", "asked", "name", "window_s", "signal", "failure"}
    assert set().union(*metrics.values()) <= places | words


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


@pytest.fixture
def grafana():
    """What Grafana's own model makes of a dashboard."""
    register_default_plugins()
    return lambda told: json.loads(JSONEncoder().encode(Dashboard.from_json(told)))


def test_grafana_s_own_model_takes_all_of_the_dashboard(grafana):
    told = json.loads(DASHBOARD.read_text())
    assert not left_out(told, grafana(told))


def test_what_grafana_s_model_does_not_know_is_found(grafana):
    told = json.loads(DASHBOARD.read_text())
    told["panels"][1]["datasauce"] = told["panels"][1].pop("datasource")
    assert left_out(told, grafana(told)) == ["/panels/1/datasauce"]


def left_out(told: object, known: object, at: str = "") -> list[str]:
    """Where that is what was told and is not known."""
    match told, known:
        case dict(), dict():
            return [gone for key, it in told.items() for gone in left_out(it, known.get(key), f"{at}/{key}")]
        case list(), list() if len(told) == len(known):
            return left_out(dict(enumerate(told)), dict(enumerate(known)), at)
    return [] if told == known else [at]


def test_panels_lie_beside_each_other_and_never_on_one_another():
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def drawn() -> dict[str, dict]:
    """Panels by title; of two with one title the one that is a number."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return {it["title"]: it for it in sorted(panels, key=lambda it: it["type"] == "stat")}


def test_a_number_is_of_now_and_nothing_where_nobody_says_it():
    """Of a range Grafana shows the last there was, an hour old: all processes would work when all are gone."""
    numbers = [it for it in drawn().values() if it["type"] == "stat"]
    assert numbers
    assert all(it["targets"][0]["instant"] and not it["targets"][0]["range"] for it in numbers)


def test_what_may_be_below_zero_has_no_floor():
    panels = [it for it in drawn().values() if "targets" in it]
    below = {it["title"] for it in panels if "min" not in it["fieldConfig"]["defaults"]}
    assert below == {"How far keeper's clock is ahead of Vault's"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="not installed: promtool")
def test_who_is_gone_does_not_work_either(tmp_path):
    well = {"job": "veilstream", "process": "join.demo.0", "role": "join", "project": "demo"}
    said = [
        _series("up", well | {"process": "redact.demo.0", "role": "redact"}, 0),
        _series("up", {"job": "census", "process": "census", "role": "census", "project": "platform"}, 0),
        _series("up", well, 1),
        _series("veil_well", well, 0),
        _series("veil_well", well | {"process": "front-a", "role": "front"}, 0),
        _series("up", {"job": "other", "process": "another"}, 0),
    ]
    (expression,) = [it["targets"][0]["expr"] for it in drawn().values() if it["title"] == "Processes that do not"]
    asked = {"expr": expression, "eval_time": "1m", "exp_samples": [{"labels": "{}", "value": 3}]}
    case = {"interval": "15s", "input_series": said, "promql_expr_test": [asked]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [case]}))
    tested = ["promtool", "test", "rules", str(tmp_path / "test.yaml")]
    done = subprocess.run(tested, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def _series(name: str, labels: dict[str, str], value: int) -> dict[str, str]:
    told = ",".join(f'{key}="{it}"' for key, it in labels.items())
    return {"series": f"{name}{{{told}}}", "values": f"{value}x8"}


def test_every_rule_is_seen_firing_and_silent():
    """A rule that never fires would pass where it is only seen silent; one that always does, where only firing."""
    seen: dict[str, set[bool]] = {}
    for case in yaml.safe_load((FOLDER / "rules.test.yaml").read_text())["tests"]:
        for asked in case["alert_rule_test"]:
            seen.setdefault(asked["alertname"], set()).add(bool(asked.get("exp_alerts")))
    for rule in rules():
        assert seen[rule["alert"]] == {True, False}, rule["alert"]


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
