"""The cluster in containers, once: the demo on it, while parts of it are killed and everybody is looked at."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import struct
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console

from deploy.compose import engine as compose_engine
from deploy.compose.cluster import (
    BROKERS,
    CLIENT,
    CONTROLLER,
    DOOR,
    GRAFANA,
    INTERNAL,
    METRICS,
    NODES,
    OPERATOR,
    RAFT,
    SCHEMAS,
    VAULT,
    gateway,
    pages,
    port_of,
    processes,
)
from deploy.compose.demo import IMPATIENT_S, LATER, PATIENCE, RETRIES
from deploy.compose.engine import PROJECT_LABEL
from deploy.compose.faults import Faults
from deploy.compose.networks import networks
from deploy.compose.running import PARTS, Cluster, Settings
from deploy.demo.annotators import Reach
from deploy.demo.command import perform
from deploy.demo.report import Report
from deploy.demo.run import Ground
from deploy.demo.screen import showing
from deploy.provision.rotating import rotated
from deploy.provisioning import rotate_audited
from schemas.errors import StackError
from schemas.registry import tls_context
from tests.support.containers import HARDENED, NO_BASE, TREE, Engine
from tests.support.waiting import wait_for
from topology.access import mount

pytestmark = [pytest.mark.cluster, pytest.mark.container, pytest.mark.own_stack]

PREFIX = "veilstream-tested"
KNOCKING = 4
"""Containers that knock side by side."""
TOLD_WITHIN_S = 120.0
PYTHON = "/opt/veilstream/bin/python"
PORTS = (CLIENT, OPERATOR, INTERNAL, CONTROLLER, VAULT, RAFT, SCHEMAS, METRICS, 9090, 3000, 22, 53, 80, 443, 2375)
ALERTS = {"kafka": "VeilBrokerGone", "vault": "VeilVaultNodeGone"}
KNOCK = """
import asyncio, json, sys
some = asyncio.Semaphore(400)
async def knock(host, port):
    try:
        async with some:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return None
    writer.close()
    return [host, port]
async def main(hosts, ports):
    found = await asyncio.gather(*(knock(host, port) for host in hosts for port in ports))
    six = [line for line in open('/proc/net/if_inet6') if line.split()[-1] != 'lo']
    print(json.dumps({'answers': [it for it in found if it], 'six': six}))
asyncio.run(main(*json.loads(sys.stdin.read())))
"""
TRY = """
import json, sys, threading
from pathlib import Path
from confluent_kafka import Consumer, TopicPartition, KafkaException
from deploy.handing.asking import ask
from deploy.surroundings import surroundings
from schemas.errors import VeilError
from topology.identity import Identity
from vault.handing import Handed
from vault.session import Rejected
topics, paths = json.loads(sys.argv[1])
token = ask(Path('/login/socket'), threading.Event())
around = surroundings(Path('/veil'), Identity('label', 'demo'), 'demo', handed=Handed(token))
said = {}
for topic in topics:
    consumer = Consumer({**around.access.settings(), 'group.id': 'label.demo'})
    consumer.assign([TopicPartition(topic, 0, 0)])
    refused = consumer.list_topics(topic, 20).topics[topic].error
    message = None if refused else consumer.poll(20)
    said[topic] = refused.name() if refused else 'silence' if message is None else 'read'
    consumer.close()
for path in paths:
    try:
        around.vault.session.call('read', lambda client: client.read(path))
        said[path] = 'read'
    except (VeilError, Rejected) as error:
        said[path] = type(error).__name__
around.close()
print(json.dumps(said))
"""


@dataclass
class Ran:
    """What was seen."""

    cluster: Cluster
    faults: Faults
    report: Report | None = None
    hits: set = field(default_factory=set)
    answers: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    six: list[str] = field(default_factory=list)
    lead_on: set[str] = field(default_factory=set)
    """Who has a way to anywhere beyond the networks it is on."""
    targets: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    fired: dict[str, bool] = field(default_factory=dict)
    tried: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    changed: dict[str, bool] = field(default_factory=dict)
    """Who has taken up a new password, and whether it went on running."""
    bystander: str = ""
    left: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def engine() -> Engine:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("the cluster did not run: it takes a machine for itself (`make test-cluster`)")
    found = Engine.named()
    try:
        compose_engine.found()
    except StackError as error:
        pytest.skip(f"the cluster did not run: {error}")
    return found


@pytest.fixture(scope="module")
def images(engine: Engine) -> str:
    done = subprocess.run(
        [str(TREE / "deploy" / "compose" / "images"), PREFIX], capture_output=True, text=True, check=False
    )
    if done.returncode == NO_BASE:
        pytest.skip(f"no base to build on: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-2000:]
    return PREFIX


@pytest.fixture(scope="module")
def bystander(engine: Engine, images: str) -> Iterator[str]:
    """Somebody else's container, with a project of Compose of its own."""
    name = f"bystander-{secrets.token_hex(4)}"
    labels = ("--label", f"{PROJECT_LABEL}={name}")
    waits = "import signal; signal.pause()"
    engine.call(
        "run", "-d", "--name", name, *labels, "--network", "none", "--entrypoint", PYTHON, images, "-c", waits
    )
    yield name
    engine.call("rm", "--force", name)


@pytest.fixture(scope="module")
def ran(engine: Engine, images: str, bystander: str, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of the demo on a cluster; everything that is looked at is looked at in it."""
    name = f"veil-{secrets.token_hex(4)}"
    seen: list[Ran] = []

    def ground(plan, screen) -> Ground:
        cluster = Cluster(plan.root, Settings(name, images), report=screen.note)
        cluster.ground.prepare(images)
        faults = Faults(cluster, screen.note, while_down=lambda killed: see_alert(seen[0], killed))
        seen.append(Ran(cluster, faults))

        def disturb(*given) -> None:
            faults(*given)
            look_around(engine, images, seen[0])
            rotate_passwords(engine, seen[0])
            start_equals_again(seen[0])

        reach = Reach(tls_context(cluster.ground.ca), IMPATIENT_S, RETRIES)
        return Ground(cluster, reach, disturb, PATIENCE)

    with showing(Console(width=100)) as screen:
        report, _, hits = perform(tmp_path_factory.mktemp("cluster") / "demo", screen, ground, LATER)
    found = seen[0]
    found.report, found.hits = report, hits
    found.bystander = engine.inspect(bystander)["State"]["Status"]
    of_ours = f"label={PROJECT_LABEL}={name}"
    found.left = [
        *engine.call("ps", "--all", "--quiet", "--filter", of_ours).stdout.split(),
        *engine.call("network", "ls", "--quiet", "--filter", of_ours).stdout.split(),
    ]
    return found


def look_around(engine: Engine, images: str, ran: Ran) -> None:
    ran.targets, ran.rules = wait_for(lambda: watched(ran), "Prometheus has asked everybody", TOLD_WITHIN_S)
    states = ran.cluster.compose.states()
    ran.six = [line for it in states.values() for line in six_of(it["State"]["Pid"])]
    ours = {it.address for of in psutil.net_if_addrs().values() for it in of}
    ran.lead_on = {name for name, it in states.items() if {*ways_out(it["State"]["Pid"])} & ours}
    names = list(networks(ran.cluster.topology))
    with ThreadPoolExecutor(KNOCKING) as pool:
        ran.answers = dict(
            zip(names, pool.map(lambda it: knock(engine, images, ran, it, states), names), strict=True)
        )
    ran.tried = try_as_label(engine, images, ran)


def six_of(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/net/if_inet6").read_text().splitlines()
    return [line for line in lines if line.split()[-1] != "lo"]


def ways_out(pid: int) -> Iterator[str]:
    """Who takes what is for nobody on its networks (destination 0.0.0.0). There may be no such machine."""
    for line in Path(f"/proc/{pid}/net/route").read_text().splitlines()[1:]:
        _, destination, router, *_ = line.split()
        if destination == "00000000":
            yield socket.inet_ntoa(struct.pack("<I", int(router, 16)))


def knock(engine: Engine, images: str, ran: Ran, network: str, states: dict) -> set[tuple[str, int]]:
    """Who answers whom a container of this network knocks at: every address of the cluster."""
    variables = ran.cluster.ground.variables()
    full = f"{ran.cluster.compose.name}_{network}"
    hosts: dict[str, str] = {}
    for service, it in states.items():
        for where, on in it["NetworkSettings"]["Networks"].items():
            if on["IPAddress"]:
                hosts[on["IPAddress"]] = service if where == full else f"{service} on {where}"
            if on["Gateway"]:
                hosts[on["Gateway"]] = "this machine"
    ports = sorted({*PORTS, *(int(value) for name, value in variables.items() if re.fullmatch(r"\d+", value))})
    command = [engine.program, "run", "--rm", "-i", *HARDENED, "--network", full, "--entrypoint", PYTHON]
    done = subprocess.run(
        [*command, images, "-c", KNOCK], input=json.dumps([sorted(hosts), ports]), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    ran.six += said["six"]
    return {(hosts[host], port) for host, port in said["answers"]}


def try_as_label(engine: Engine, images: str, ran: Ran) -> dict[str, str]:
    """What label's own identity gets, from where label is, by a login of label's."""
    root, name = ran.cluster.root, f"try-{secrets.token_hex(4)}"
    mounts = ("-v", f"{root}/given/label.demo.1:/veil:ro", "-v", f"{root}/logins/label.demo.1:/login:ro")
    asked = json.dumps([["tasks.demo", "raw.demo", "quarantine.demo"], values_paths()])
    project = ran.cluster.compose.name
    user = ("--user", ran.cluster.ground.variables()["CLUSTER_USER"])
    engine.call("create", "--name", name, *HARDENED, *user, "--network", f"{project}_annotation-log", *mounts,
                "--entrypoint", PYTHON, images, "-c", TRY, asked)  # fmt: skip
    try:
        engine.call("network", "connect", f"{project}_annotation-vault", name)
        done = engine.call("start", "--attach", name, check=False)
    finally:
        engine.call("rm", "--force", name)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def values_paths() -> list[str]:
    return [
        f"{mount('demo')}/data/{folder}/redact.demo.0/1/1" for folder in ("values", "half-a", "half-b", "geometry")
    ]


def prometheus(ran: Ran, path: str) -> dict:
    port = ran.cluster.ground.variables()[port_of("prometheus")]
    return httpx.get(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=10, trust_env=False).json()["data"]


def watched(ran: Ran) -> tuple[dict[str, str], dict[str, str]] | None:
    """How targets and rules are, once each has been asked and reckoned."""
    targets = {
        it["labels"].get("process", it["labels"]["job"]): it["health"]
        for it in prometheus(ran, "targets")["activeTargets"]
    }
    rules = {
        rule["name"]: f"{rule['health']} {rule.get('lastError', '')}".strip()
        for group in prometheus(ran, "rules")["groups"]
        for rule in group["rules"]
    }
    settled = "unknown" not in targets.values() and all(not it.startswith("unknown") for it in rules.values())
    return (targets, rules) if settled else None


def see_alert(ran: Ran, killed: str) -> None:
    """Before it is started again, somebody must have been told."""
    alert = ALERTS[killed.partition("-")[0]]

    def fires() -> bool:
        return any(
            it["labels"]["alertname"] == alert and it["state"] == "firing"
            for it in prometheus(ran, "alerts")["alerts"]
        )

    ran.fired[killed] = wait_for(fires, f"{alert} fires", TOLD_WITHIN_S)


def rotate_passwords(engine: Engine, ran: Ran) -> None:
    """While everybody works."""
    cluster, names = ran.cluster, [it.service for it in processes(ran.cluster.topology)]
    before = cluster.compose.states()
    rotate_audited(cluster.endpoints, cluster.ground.root, rotated(cluster.topology, ()))

    def taken_up(name: str) -> bool:
        told = engine.call("logs", before[name]["Id"])
        return "password_changed" in told.stdout + told.stderr

    for name in names:
        wait_for(lambda name=name: taken_up(name), f"{name} takes its new password up", TOLD_WITHIN_S)
    after = cluster.compose.states()
    ran.changed = {it: before[it]["State"]["StartedAt"] == after[it]["State"]["StartedAt"] for it in names}


def start_equals_again(ran: Ran) -> None:
    """All of redact and of label end at the same moment, and are started again at the same moment."""
    equals = ("redact-demo-0", "redact-demo-1", "label-demo-0", "label-demo-1")
    with ThreadPoolExecutor(len(equals)) as pool:
        list(pool.map(ran.cluster.compose.kill, equals))
        list(pool.map(ran.cluster.compose.start, equals))
    ran.cluster.wait_healthy()
    ran.again = {name: ran.cluster.status()[name] for name in equals}


def test_the_demo_holds_while_parts_are_killed(ran):
    assert ran.report.failures == ()
    assert ran.report.reconciled
    assert ran.report.audit_verified
    assert ran.hits == set()


def test_a_broker_and_the_leader_of_vault_were_killed_and_everything_recovered(ran):
    broker, node = ran.faults.found
    assert broker.killed in BROKERS
    assert node.killed in NODES
    for fault in (broker, node):
        assert len(fault.recoveries) == 3, fault
        assert not {*PARTS} & {*fault.restarted}, fault


def test_whoever_runs_it_is_told_what_is_gone(ran):
    assert set(ran.fired) == {it.killed for it in ran.faults.found}
    assert all(ran.fired.values())


def test_on_each_network_those_answer_that_the_routes_give_and_nobody_else(ran):
    variables = ran.cluster.ground.variables()
    for name, network in networks(ran.cluster.topology).items():
        expected = {
            (service, int(variables[port]) if isinstance(port, str) else port)
            for service, port in network.answers
            if service != GRAFANA
        }
        assert ran.answers[name] == expected, name


def test_from_where_annotators_are_nothing_answers_but_label_s_page(ran):
    assert {service for service, _ in ran.answers["annotation"]} == {"label-demo-0", "label-demo-1"}


def test_nothing_but_gateways_has_a_way_out(ran):
    assert ran.lead_on == {DOOR, *(gateway(it) for it in pages(ran.cluster.topology))}


def test_no_container_has_an_address_of_version_six(ran):
    assert ran.six == []


def test_label_s_own_identity_is_refused_raw_records_and_values(ran):
    denied = {"raw.demo", "quarantine.demo"}
    assert ran.tried.pop("tasks.demo") == "read"
    assert {ran.tried.pop(topic) for topic in denied} == {"TOPIC_AUTHORIZATION_FAILED"}
    assert set(ran.tried) == set(values_paths())
    assert set(ran.tried.values()) == {"AccessDenied"}


def test_prometheus_reaches_every_process_and_reckons_every_rule(ran):
    assert set(ran.cluster.processes) <= set(ran.targets)
    assert set(ran.targets.values()) == {"up"}
    assert set(ran.rules.values()) == {"ok"}


def test_alerts_fire_when_they_must(engine, images):
    mount = ("-v", f"{TREE}/deploy/observability:/rules:ro")
    done = engine.call("run", "--rm", "--network", "none", *HARDENED, *mount, f"{images}-prometheus",
                       "/usr/bin/promtool", "test", "rules", "/rules/rules.test.yaml", check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_new_passwords_are_taken_up_by_all_and_nobody_ends(ran):
    assert len(ran.changed) == len(list(processes(ran.cluster.topology)))
    assert all(ran.changed.values()), ran.changed


def test_equals_that_start_at_the_same_moment_all_work(ran):
    assert set(ran.again.values()) == {"healthy"}
    assert len(ran.again) == 4


def test_nothing_of_it_is_left_and_nothing_of_anybody_else_is_gone(ran):
    assert ran.left == []
    assert ran.bystander == "running"
