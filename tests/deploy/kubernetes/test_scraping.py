"""Prometheus asks every pod that lives long enough, and knows it by the labels that alerts and panels name."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml

from deploy.behind import Behind
from deploy.compose import watching
from deploy.compose.cluster import processes
from deploy.health_server import BEYOND, HealthServer
from deploy.kubernetes.making import made
from deploy.kubernetes.placing import placed
from deploy.kubernetes.proving import pod_of
from deploy.settings import HEALTH_HOST_VARIABLE, HEALTH_PORT_VARIABLE, IMAGE_HEALTH_PORT
from streams.engine.health import Condition, Health
from streams.notify.metrics import ATTEMPTS
from streams.watch.gauges import FINAL
from tests.deploy.observability.expressions import all_metrics, expressions, labels_of, left, parsed, told
from tests.streams.label.front.conftest import told as told_front
from tests.support.pipeline import free_port
from tests.support.prometheus import PROMETHEUS, prometheus, series
from tests.support.relabeling import configured, meta, relabeled, scraped
from tests.support.waiting import wait_for

TREE = Path(__file__).parents[3]
POD_IP, ANOTHER, MACHINE = "127.0.0.2", "127.0.0.3", "127.0.0.4"
"""The first stands for a pod's own address."""
SETS = ("StatefulSet", "Deployment", "CronJob")


def monitors(objects):
    return {it["metadata"]["namespace"]: it for it in objects if it["kind"] == "PodMonitor"}


def discovered(it: dict, number: int = 0) -> list[dict[str, str]]:
    """What service discovery says of a pod of a set, once for each of its ports."""
    pod, place, is_set = pod_of(it), it["metadata"], it["kind"] == "StatefulSet"
    labels = pod["metadata"]["labels"] | ({"apps.kubernetes.io/pod-index": str(number)} if is_set else {})
    (container,) = pod["spec"]["containers"]
    said = {
        "__meta_kubernetes_namespace": place["namespace"],
        meta("name"): f"{place['name']}-{number}" if is_set else f"{place['name']}-6d4b75cb6d-hwtz{number}",
        meta("container_name"): container["name"],
        meta("phase"): "Running",
    }
    for name, value in labels.items():
        said |= {meta(f"label_{name}"): value, meta(f"labelpresent_{name}"): "true"}
    ports = container.get("ports", [{"name": "", "containerPort": 80}])
    return [
        said | {meta("container_port_name"): port["name"], "__address__": f"{POD_IP}:{port['containerPort']}"}
        for port in ports
    ]


def targets(objects) -> dict[str, dict[str, str]]:
    """By the names of their pods, the first of each set."""
    found = {}
    for it in objects:
        if it["kind"] in SETS:
            rules = configured(monitors(objects)[it["metadata"]["namespace"]])["relabel_configs"]
            asked = [labels for said in discovered(it) if (labels := relabeled(said, rules))]
            found |= {labels["pod"]: labels for labels in asked}
    return found


@pytest.fixture(scope="module")
def asked(topology, cluster) -> dict[str, dict[str, str]]:
    """The targets of what is made."""
    return targets([it for file in made(topology, cluster, {"letters"}).values() for it in file])


def names(labels: dict[str, str]) -> set[str]:
    return {name for name in labels if not name.startswith("__")}


def test_everybody_but_jobs_is_asked_once_on_one_port(asked, topology):
    assert sorted((it["role"], it["project"]) for it in asked.values()) == sorted(
        (who.identity.role, who.identity.place) for who in placed(topology) if not who.is_job
    )
    assert {it["__address__"] for it in asked.values()} == {f"{POD_IP}:{IMAGE_HEALTH_PORT}"}
    assert {it["job"] for it in asked.values()} == {"veilstream"}


def test_a_process_has_the_labels_that_it_has_in_containers(asked, topology):
    """So the same alerts hold."""
    by_process = {it["process"]: it for it in asked.values()}
    in_containers = watching.prometheus(topology)["scrape_configs"][0]["static_configs"]
    labels = {it["labels"]["process"]: it["labels"] for it in in_containers}
    for process in (it for it in processes(topology) if it.number == 0):
        assert labels[process.slot].items() <= by_process[process.slot].items()


def test_slots_of_a_set_are_told_apart_by_their_numbers_and_fronts_by_their_pods(objects):
    sets = {it["metadata"]["name"]: it for it in objects if it["kind"] in SETS}
    for name, processes_ in (
        ("redact-demo", ["redact.demo.0", "redact.demo.12"]),
        ("front-demo", ["front-demo-6d4b75cb6d-hwtz0", "front-demo-6d4b75cb6d-hwtz12"]),
    ):
        rules = configured(monitors(objects)[sets[name]["metadata"]["namespace"]])["relabel_configs"]
        found = [relabeled(discovered(sets[name], number)[0], rules) for number in (0, 12)]
        assert [it["process"] for it in found] == processes_
        assert {it["role"] for it in found} == {name.partition("-")[0]}


def test_a_pod_of_somebody_else_s_in_our_namespace_is_not_asked(objects):
    (it,) = [it for it in objects if it["metadata"]["name"] == "keeper-demo" and it["kind"] == "StatefulSet"]
    pod_of(it)["metadata"]["labels"]["app.kubernetes.io/name"] = "other"
    assert "keeper-demo-0" not in targets(objects)


@pytest.mark.parametrize("name", expressions())
def test_every_alert_and_panel_finds_its_labels_there(asked, name):
    for labels in asked.values():
        found = labels_of(all_metrics(), names(labels))
        assert told()[name] <= left(parsed(expressions()[name]), found)


def test_what_a_metric_says_comes_before_what_its_target_is(objects):
    """Watch's name the project that they are about. No label of ours is lost to one that the operator gives."""
    target = targets(objects)["watch-platform-0"]
    rules = configured(monitors(objects)["veil-platform"])["metric_relabel_configs"]
    for own in all_metrics().values():
        metric = dict.fromkeys(own, "its own")
        series = scraped(metric, target, rules)
        assert metric.items() <= series.items()
        assert not any(name.startswith("exported_") for name in series)


@pytest.mark.parametrize("name", ["job", "process", "namespace", "pod", "instance", "container"])
def test_a_process_can_t_speak_for_another(objects, name):
    target = targets(objects)["watch-platform-0"] | {"instance": f"{POD_IP}:{IMAGE_HEALTH_PORT}"}
    rules = configured(monitors(objects)["veil-platform"])["metric_relabel_configs"]
    assert scraped({name: "another"}, target, rules)[name] == target[name]


def environment(pod: dict) -> dict[str, str]:
    """What a container is given, as far as metrics go: its pod's address for `status.podIP`."""
    (container,) = pod["spec"]["containers"]
    hosts = [it for it in container["env"] if it["name"] == HEALTH_HOST_VARIABLE]
    assert [it["valueFrom"]["fieldRef"]["fieldPath"] for it in hosts] == ["status.podIP"]
    return {HEALTH_HOST_VARIABLE: POD_IP}


@contextmanager
def running(pod: dict, root: Path) -> Iterator[int]:
    """A front as that pod's process; the port of its health."""
    (container,) = pod["spec"]["containers"]
    role, project, *_ = container["args"]
    port = free_port()
    environ = {"PATH": os.defpath, "PYTHONPATH": str(TREE), HEALTH_PORT_VARIABLE: str(port), **environment(pod)}
    command = [sys.executable, "-m", "deploy.run", role, project, "--root", str(root), "--port", str(free_port())]
    with subprocess.Popen(command, env=environ, cwd=root, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: process.poll() is not None or answer(POD_IP, port), "it serves metrics")
            assert process.poll() is None
            yield port
        finally:
            process.kill()


def answer(host: str, port: int, path: str = "/metrics") -> httpx.Response | None:
    try:
        return httpx.get(f"http://{host}:{port}{path}")
    except httpx.HTTPError:
        return None


def probed(pod: dict, port: int) -> int:
    """The status that its machine is told, which has an address of its own; the pod says what it asks for."""
    (container,) = pod["spec"]["containers"]
    asked = container["readinessProbe"]["httpGet"]
    (named,) = [it["containerPort"] for it in container["ports"] if it["name"] == asked["port"]]
    assert named == IMAGE_HEALTH_PORT  # here it is `port`
    with httpx.Client(transport=httpx.HTTPTransport(local_address=MACHINE)) as machine:
        return machine.get(f"http://{POD_IP}:{port}{asked['path']}").status_code


def test_a_pod_s_process_tells_metrics_and_health_on_its_own_address_and_no_more_than_it_can_spare(
    objects, tmp_path
):
    (deployment,) = [it for it in objects if it["metadata"]["name"] == "front-demo" and it["kind"] == "Deployment"]
    root = told_front(tmp_path, free_port(), Behind("http://127.0.0.1:1"))
    with running(pod_of(deployment), root) as port:
        assert "veil_well 1.0" in answer("127.0.0.1", port).text
        assert answer(POD_IP, port, "/healthz").json()["condition"] == "working"
        assert answer(POD_IP, port, "/v1/me").status_code == 404
        assert answer(ANOTHER, port) is None
        with socket.create_connection((POD_IP, port), timeout=60) as silent:
            assert silent.recv(1) == b""  # when its time is over, and not before somebody gives up
        wait_for(lambda: answer(POD_IP, port) is None, "who asks on and on is sent away", pause_s=0)
        assert all(answer("127.0.0.1", port) for _ in range(2 * BEYOND.often))
        assert probed(pod_of(deployment), port) == 200
        wait_for(lambda: answer(POD_IP, port), "Prometheus is answered again")


@pytest.mark.skipif(PROMETHEUS is None, reason="not installed: prometheus")
def test_a_real_prometheus_knows_a_pod_by_these_labels_and_believes_the_alerts(objects, tmp_path):
    (it,) = [it for it in objects if it["metadata"]["name"] == "watch-platform" and it["kind"] == "StatefulSet"]
    (rule,) = [it for it in objects if it["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    health = Health()
    health.set(Condition.WORKING)
    FINAL.labels("scraped").set(1)
    ATTEMPTS.labels("scraped", "crm", "delivered").inc()
    server = HealthServer(health, 0, POD_IP)
    (said,) = discovered(it)
    monitor = configured(monitors(objects)["veil-platform"]) | {"scrape_interval": "1s", "scrape_timeout": "1s"}
    address = f"{POD_IP}:{server.port}"
    static = [{"targets": [address], "labels": {name: it for name, it in said.items() if name != "__address__"}}]
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [monitor | {"static_configs": static}],
    }
    rules = monitor["metric_relabel_configs"]
    target = relabeled(said, monitor["relabel_configs"])
    known = {name: it for name, it in target.items() if not name.startswith("__")} | {"instance": address}
    try:
        with prometheus(config, tmp_path) as at:
            (final,) = wait_for(lambda: series(at, 'veil_watch_final_seconds{project="scraped"}'), "it has asked")
            assert final == scraped({"project": "scraped"}, known, rules) | {
                "__name__": "veil_watch_final_seconds"
            }
            (attempts,) = series(at, 'veil_webhook_attempts_total{project="scraped"}')
            assert attempts["endpoint"] == "crm"
            missing = 'ALERTS{alertname="VeilProcessMissing",role="keeper",project="demo"}'
            wait_for(lambda: series(at, missing), "who has no pods is missed")
            there = 'ALERTS{alertname="VeilProcessMissing",role="watch"}'
            wait_for(lambda: not series(at, there) and series(at, missing), "who has one is not")
    finally:
        server.stop()


ANOTHER_S = 'job="kubelet",process="seal.platform.0",namespace="kube-system"'
LIES = f'veil_well{{{ANOTHER_S},role="label",project="demo"}} 1 1000\n'
"""Of a time long ago, too."""


@contextmanager
def taken_over(aside: str) -> Iterator[int]:
    """A process that says what it likes on one path, and elsewhere sends whoever asks to that; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            honest = self.path == aside
            self.send_response(HTTPStatus.OK if honest else HTTPStatus.FOUND)
            self.send_header("Content-Type" if honest else "Location", "text/plain" if honest else aside)
            self.end_headers()
            self.wfile.write(LIES.encode() if honest else b"")

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer((POD_IP, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@pytest.mark.skipif(PROMETHEUS is None, reason="not installed: prometheus")
def test_a_real_prometheus_believes_a_process_that_was_taken_over_little(objects, tmp_path):
    (it,) = [it for it in objects if it["metadata"]["name"] == "watch-platform" and it["kind"] == "StatefulSet"]
    monitor = configured(monitors(objects)["veil-platform"]) | {"scrape_interval": "1s", "scrape_timeout": "1s"}
    labels = {name: value for name, value in discovered(it)[0].items() if name != "__address__"}
    with taken_over("/metrics") as lying, taken_over("/other") as sending:
        said = [{"targets": [f"{POD_IP}:{port}"], "labels": labels} for port in (lying, sending)]
        with prometheus({"scrape_configs": [monitor | {"static_configs": said}]}, tmp_path) as at:
            wait_for(lambda: series(at, f'up{{instance="{POD_IP}:{sending}"}} == 0'), "it is not sent elsewhere")
            (found,) = wait_for(lambda: series(at, "veil_well"), "it has asked")
    assert found["instance"] == f"{POD_IP}:{lying}"
    own = {"job": "veilstream", "process": "watch.platform.0", "namespace": "veil-platform"}
    assert own.items() <= found.items()
    assert (found["role"], found["project"]) == ("label", "demo")  # as watch itself has to, of the projects
