"""Veilstream on a real Kubernetes, once: the demo on it, while pods are ended and everybody is looked at."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from deploy.backup.manifest import MANIFEST
from deploy.containers.collect import USER
from deploy.demo.annotators import Reach
from deploy.demo.command import perform
from deploy.demo.report import Report
from deploy.demo.run import Ground
from deploy.demo.screen import showing
from deploy.demo.watch import Watch
from deploy.kubernetes.cluster import PAGE_PORT
from deploy.kubernetes.placing import Environment, placed
from deploy.settings import IMAGE_HEALTH_PORT
from schemas.registry import tls_context
from tests.kubernetes.images import PREFIX, saved
from tests.kubernetes.installed import DOMAIN, PROJECT, Installed, hosts
from tests.kubernetes.looking import DECIDE, GATEWAY, HOST, MONITORING, NODE, STRANGER, Answers, Look, remains
from tests.kubernetes.node import Node
from tests.kubernetes.parts import ADDRESSES, KAFKA, OPERATOR, REGISTRY, VAULT
from tests.kubernetes.programs import VERSION, programs
from tests.kubernetes.told import API, KUBELET
from tests.support.containers import Engine
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.container, pytest.mark.own_stack]

PATIENCE, IMPATIENT_S, RETRIES = 4, 0.1, 1_200
SETTLED = 50
"""Of the demo's tasks, before pods are ended."""
WITHIN_S = 240.0
AT_ONCE = ("--grace-period=0", "--force")
NAMES = "names"
LAST_WORDS = "/dev/termination-log"
MEMORY = ["/dev/shm", LAST_WORDS, "/tmp"]  # noqa: S108 - the pod's
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


@dataclass
class Ran:
    """What was seen."""

    installed: Installed
    folder: Path
    report: Report | None = None
    hits: set = field(default_factory=set)
    version: str = ""
    ended: dict[str, bool] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    measured: dict[str, bool] = field(default_factory=dict)
    logins: dict[str, bool] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    backup: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of the demo on a Kubernetes; everything that is looked at is looked at in it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("Kubernetes did not run: it takes a machine for itself (`make test-kubernetes`)")
    had, folder = programs(), tmp_path_factory.mktemp("kubernetes")
    images = saved(Engine.named(), had.own, folder)
    seen: list[Ran] = []

    def ground(plan, _screen) -> Ground:
        node = Node(folder / f"node-{os.getpid()}", had, plan.root / "etcd")
        seen.append(Ran(Installed(plan.root, node, images, PREFIX), folder))
        seen[0].installed.prepare()
        reach = Reach(tls_context(seen[0].installed.issuer), IMPATIENT_S, RETRIES)
        return Ground(seen[0].installed, reach, lambda _, watch, *__: disturb(seen[0], watch), PATIENCE)

    try:
        with showing(Console(width=100)) as screen, hosts({f"label-{PROJECT}.{DOMAIN}": ADDRESSES[GATEWAY]}):
            report, _, hits = perform(folder / "demo", screen, ground)
        found = seen[0]
        found.report, found.hits, found.left = report, hits, [*remains(found.installed.node)]
    finally:
        for containers in folder.glob("node-*/containers"):  # unpacked images
            shutil.rmtree(containers, ignore_errors=True)
    return found


def disturb(ran: Ran, watch: Watch) -> None:
    """Once annotators work, pods end, and everything goes on; then everybody is looked at."""
    wait_for(lambda: watch.seen.settled > SETTLED, "annotators work", WITHIN_S)
    look, installed = Look(ran.installed, PREFIX), ran.installed
    bound = look.token(DECIDE.name, Environment.REVIEW.namespace, pod="decide-demo-0")
    ran.logins["of a pod that is there"] = look.gets_in(bound, ran.folder)
    end_pods(ran, look)
    ran.version = look.version()
    look.strangers()
    wait_for(installed.all_are_well, "the strangers are there", WITHIN_S)
    wait_for(look.prometheus_is_let_in, "the network knows Prometheus", WITHIN_S)
    ran.answers, ran.written, ran.measured = look.knock(), look.written(), look.measured()
    review = Environment.REVIEW.namespace
    tokens = {
        "of a pod that is gone": bound,
        "its own": look.token(DECIDE.name, review),
        "another account's": look.token("join.demo", review),
        "of its name in another namespace": look.token(DECIDE.name, STRANGER),
        "for the API server": look.token(DECIDE.name, review, "https://kubernetes.default.svc"),
    }
    ran.logins |= {name: look.gets_in(token, ran.folder) for name, token in tokens.items()}
    ran.refused = {it.namespace: look.privileged(it.namespace) for it in Environment}
    run_jobs(ran)


def end_pods(ran: Ran, look: Look) -> None:
    """Label and decide at once, as if their machine were lost, the others in order."""
    front = next(it["metadata"]["name"] for it in look.ours() if it["metadata"]["name"].startswith("front-"))
    for pod, how in (("label-demo-0", AT_ONCE), (front, ()), ("redact-demo-0", ()), ("decide-demo-0", AT_ONCE)):
        before = look.uid(pod)
        look.end(pod, *how)
        wait_for(lambda pod=pod, before=before: look.uid(pod) != before, f"{pod} has ended", WITHIN_S)
        ran.ended[pod] = True
    wait_for(ran.installed.all_are_well, "their successors are ready", WITHIN_S)


def run_jobs(ran: Ran) -> None:
    """Those of every day, now. A claim and a recipient are the operator's."""
    kubectl, place = ran.installed.node.kubectl, Environment.PLATFORM.namespace
    backups = ran.folder / "backups"
    backups.mkdir()
    os.chown(backups, USER, USER)
    ran.installed.apply(claim(place, backups))
    for job in ("inspector", "backup"):
        kubectl("create", "job", job, f"--namespace={place}", f"--from=cronjob/{job}-platform")
        said = ("get", "job", job, f"--namespace={place}", "-o", "jsonpath={.status.conditions[*].type}")
        wait_for(lambda said=said: {*kubectl(*said).split()} & {"Complete", "Failed"}, f"{job} is done", WITHIN_S)
        ran.jobs[job] = kubectl(*said)
    ran.backup = [it.name for it in backups.rglob("*") if it.is_file()]


def claim(place: str, folder: Path):
    said = {"accessModes": ["ReadWriteOnce"], "storageClassName": "ours"}
    volume = {"capacity": {"storage": "1Gi"}, "hostPath": {"path": str(folder)}}
    yield {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "backups"}, "spec": said | volume}
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "backups", "namespace": place},
        "spec": said | {"volumeName": "backups", "resources": {"requests": {"storage": "1Gi"}}},
    }
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "backup-recipient", "namespace": place},
        "data": {"recipient": RECIPIENT},
    }


def test_it_is_the_kubernetes_that_was_built(ran):
    assert ran.version == f"v{VERSION}"


def test_the_demo_holds_while_pods_are_ended(ran):
    assert ran.report.failures == ()
    assert ran.report.reconciled
    assert ran.report.audit_verified
    assert ran.hits == set()
    assert len(ran.ended) == 4


def test_each_pod_reaches_what_its_routes_give_and_nobody_else(ran):
    for who in placed(ran.installed.topology, ships=False):
        if who.is_job:
            continue
        kafka = {(KAFKA, ran.installed.cluster.kafka.port), (REGISTRY, ran.installed.cluster.registry.port)}
        vault = {(VAULT, ran.installed.cluster.vault.port)} if who.in_vault else set()
        given = {("label-demo-0", PAGE_PORT)} if who.is_front else kafka | vault
        pods = [it for it in ran.answers if it.startswith(f"{who.name}-")]
        assert pods, who
        for pod in pods:
            assert ran.answers[pod] == {*given, (NAMES, ran.installed.cluster.names.port)}, pod


def test_from_where_browsers_come_nothing_of_ours_answers_but_pages(ran):
    pages = {pod for pod in ran.answers if pod.startswith(("front-", "console-"))}
    assert of_ours(ran, GATEWAY) == {(pod, PAGE_PORT) for pod in pages}


def test_prometheus_reaches_metrics_and_nothing_else_and_whoever_wears_its_label_elsewhere_nothing(ran):
    pods = {pod for pod in ran.answers if pod not in (GATEWAY, STRANGER, MONITORING)}
    assert of_ours(ran, MONITORING) == {(pod, IMAGE_HEALTH_PORT) for pod in pods}
    assert of_ours(ran, STRANGER) == set()
    assert set(ran.measured) == pods
    assert all(ran.measured.values())


def of_ours(ran: Ran, pod: str) -> Answers:
    """Whom it reaches, but for parts, which keep nobody out, and the machine below."""
    others = {KAFKA, VAULT, REGISTRY, NAMES, NODE, HOST, GATEWAY, STRANGER, MONITORING}
    return {(who, port) for who, port in ran.answers[pod] if who not in others}


def test_a_pod_that_nothing_keeps_from_it_reaches_the_broker_s_other_listener_and_the_node(ran):
    """So knocking finds what is open."""
    assert {(KAFKA, OPERATOR), (NODE, API), (NODE, KUBELET)} <= ran.answers[STRANGER]


def test_a_pod_writes_into_memory_and_its_last_words_and_a_front_into_these_alone(ran):
    """Message queues aside: all pods can make some, and together so many as one user of the machine may have."""
    for pod, folders in ran.written.items():
        assert folders.split() == ([LAST_WORDS] if pod.startswith("front-") else MEMORY), pod


def test_vault_lets_in_the_token_of_its_own_account_alone_and_only_while_its_pod_is_there(ran):
    assert {name for name, let_in in ran.logins.items() if let_in} == {"its own", "of a pod that is there"}
    assert len(ran.logins) == 6


def test_the_api_server_refuses_pods_that_want_their_machine(ran):
    assert len(ran.refused) == len(Environment)
    assert all("violates PodSecurity" in it for it in ran.refused.values()), ran.refused


def test_the_jobs_of_every_day_do_their_work(ran):
    assert {job: "Complete" in said.split() for job, said in ran.jobs.items()} == {
        "inspector": True,
        "backup": True,
    }
    assert MANIFEST in ran.backup


def test_nothing_of_it_is_left(ran):
    assert ran.left == []
