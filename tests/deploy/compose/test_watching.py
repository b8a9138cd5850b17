"""What Prometheus and Grafana are given."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from deploy.compose.cluster import CENSUS, METRICS, processes
from deploy.compose.networks import networks
from deploy.compose.watching import RULES, grafana_files, prometheus, prometheus_files
from deploy.observability import alerts
from tests.support.relabeling import scraped
from topology.identity import PLATFORM


def test_it_asks_every_process_under_the_labels_that_alerts_know(topology):
    scraped, _ = prometheus(topology)["scrape_configs"]
    assert scraped["job_name"] == "veilstream"
    by_process = {it["labels"]["process"]: it for it in scraped["static_configs"]}
    for process in processes(topology):
        found = by_process[process.slot]
        assert found["labels"]["role"] == process.who.identity.role
        assert found["labels"]["project"] == process.who.identity.place


def test_the_census_is_named_as_a_process_is(topology):
    """An alert says which process does not answer."""
    _, counted = prometheus(topology)["scrape_configs"]
    (group,) = counted["static_configs"]
    assert counted["job_name"] == CENSUS
    assert group["labels"] == {"process": CENSUS, "role": CENSUS, "project": PLATFORM}


def test_a_process_that_was_taken_over_speaks_for_no_other_and_fills_nothing(topology):
    for job in prometheus(topology)["scrape_configs"]:
        assert not any(job[it] for it in ("honor_labels", "honor_timestamps", "follow_redirects"))
        assert {"sample_limit", "body_size_limit", "label_limit"} <= set(job)
        target = {"job": job["job_name"], "instance": "a:1", **job["static_configs"][0]["labels"]}
        for name in ("job", "instance", "process"):
            assert scraped({name: "another"}, target, job["metric_relabel_configs"])[name] == target[name]


def test_watch_s_metrics_name_the_project_that_they_are_about(topology):
    job, _ = prometheus(topology)["scrape_configs"]
    target = {"role": "watch", "project": PLATFORM}
    found = scraped({"project": "demo"}, target, job["metric_relabel_configs"])
    assert found == {"role": "watch", "project": "demo"}


def test_what_it_asks_answers_on_a_network_that_it_is_on(topology):
    found = networks(topology)
    targets = [
        target
        for job in prometheus(topology)["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    ]
    for target in targets:
        host, _, port = target.partition(":")
        assert int(port) == METRICS
        (network,) = [it for it in found.values() if host in it.members.values()]
        assert "prometheus" in network.members


def test_files_are_what_they_say_they_are(topology):
    for path, content in {**prometheus_files(topology), **grafana_files("hush")}.items():
        if path.suffix in (".yml", ".yaml"):
            assert yaml.safe_load(content)
        elif path.suffix == ".json":
            assert json.loads(content)["panels"]


def test_its_alerts_are_those_of_everywhere_each_with_its_runbook(topology):
    assert yaml.safe_load(prometheus_files(topology)[Path(RULES)])["groups"] == alerts.groups()


def test_grafana_s_source_is_found_by_the_dashboard_s_variable():
    files = {path.name: content for path, content in grafana_files("hush").items()}
    (source,) = yaml.safe_load(files["prometheus.yaml"])["datasources"]
    variables = json.loads(files["operators.json"])["templating"]["list"]
    assert source["type"] in {it["query"] for it in variables if it["type"] == "datasource"}
    assert source["isDefault"]
