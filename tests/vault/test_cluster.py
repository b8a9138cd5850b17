"""Three Vault nodes, segments written and read all the time: who leads is killed, and hands over.

No segment that was written is ever missing, not even where a node that stands by answers (`vault/nodes.py`).
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
import time

import hvac
import pytest

from schemas.errors import VaultUnavailable
from schemas.hidden import SecretBytes
from tests.support.vault_cluster import VaultCluster
from tests.support.waiting import wait_for
from vault.client import VaultClient
from vault.data_keys import DataKeys
from vault.segments.halves import SlotHalves
from vault.segments.opening import Geometries
from vault.segments.sealing import SegmentSealer, TaskContents

pytestmark = [pytest.mark.own_stack, pytest.mark.processes]

PROJECT, SLOT = "cluster", "redact.cluster.0"
ROLE = "everything"
RIGHTS = 'path "*" { capabilities = ["create", "read", "update", "list", "delete"] }'
ROUNDS = 2
TASKS = 20
GEOMETRY_BYTES = 400
FLOWING = 10


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with VaultCluster(tmp_path_factory.mktemp("cluster") / "vault") as running:
        provision(running)
        yield running


def provision(cluster: VaultCluster) -> None:
    """A project's mount and keys, and an AppRole that may use them."""
    root = hvac.Client(cluster.leader().url, token=cluster.token, verify=str(cluster.ca_file))
    with contextlib.closing(root.adapter):
        root.sys.enable_secrets_engine("transit")
        root.sys.enable_secrets_engine("kv", path=f"veil-{PROJECT}", options={"version": "2"})
        root.sys.enable_auth_method("approle")
        root.sys.create_or_update_policy(ROLE, RIGHTS)
        root.auth.approle.create_or_update_approle(ROLE, token_policies=[ROLE])
        for name in ("view", "geometry", "values-a", "values-b"):
            root.secrets.transit.create_key(f"{name}-{PROJECT}", derived=True)


@pytest.fixture
def connect(cluster):
    """A client that knows all nodes, as a process under an AppRole of its own."""
    root = hvac.Client(cluster.leader().url, token=cluster.token, verify=str(cluster.ca_file))
    with contextlib.ExitStack() as made:
        made.callback(root.adapter.close)

        def connected() -> VaultClient:
            role_id = root.auth.approle.read_role_id(ROLE)["data"]["role_id"]
            secret_id = root.auth.approle.generate_secret_id(ROLE)["data"]["secret_id"]
            urls = ",".join(cluster.urls)
            return made.enter_context(VaultClient.from_approle(urls, cluster.ca_file, role_id, secret_id, PROJECT))

        yield connected


class Flow:
    """Writes segments as redact does and reads each as soon as it stands, until `stop`. What is missing or other
    than it was written raises there.
    """

    def __init__(self, connect) -> None:
        self.written: list[tuple[str, TaskContents]] = []
        self.wrote_at: list[float] = []
        self.read_at: list[float] = []
        self.outages = 0
        self._stopping = threading.Event()
        self._errors: list[BaseException] = []
        work = (self._write, connect()), (self._read, connect())
        self._threads = [threading.Thread(target=self._guarded, args=it) for it in work]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
        self.check()

    def check(self) -> None:
        assert not self._errors, self._errors

    def flows_since(self, moment: float) -> tuple[float, float]:
        """When the first write, and the first read, that ended after a moment did, once many have."""

        def many() -> bool:
            self.check()
            return all(sum(at > moment for at in ended[:]) >= FLOWING for ended in (self.wrote_at, self.read_at))

        wait_for(many, "segments are written and read")
        return min(at for at in self.wrote_at if at > moment), min(at for at in self.read_at if at > moment)

    def _guarded(self, work, vault: VaultClient) -> None:
        try:
            work(vault)
        except BaseException as error:  # noqa: BLE001 - shown by the test that is running
            self._errors.append(error)

    def _write(self, vault: VaultClient) -> None:
        keys = DataKeys(vault)
        sealer = SegmentSealer(keys, SlotHalves(vault, PROJECT, SLOT), PROJECT, SLOT)
        names = (f"{SLOT}/{secrets.token_hex(4)}/{number}" for number in itertools.count())
        while not self._stopping.is_set():
            tasks = [contents() for _ in range(TASKS)]
            name = next(names)
            try:
                (segment,) = sealer.seal(tasks, lambda name=name: name, time.time_ns() // 1_000_000).segments
                vault.create_all(segment.documents)
            except VaultUnavailable:  # may have happened: the loop comes again with another id
                self.outages += 1
                continue
            self.written.append((name, tasks[0]))
            self.wrote_at.append(time.monotonic())

    def _read(self, vault: VaultClient) -> None:
        geometries, done = Geometries(vault, PROJECT, kept=1), 0
        while not self._stopping.is_set():
            if done == len(self.written):
                self._stopping.wait(0.001)
                continue
            try:
                opens(geometries, self.written[done])
            except VaultUnavailable:
                self.outages += 1
                continue
            done += 1
            self.read_at.append(time.monotonic())


def contents() -> TaskContents:
    return TaskContents(
        secrets.token_hex(16),
        SecretBytes(secrets.token_bytes(32)),
        secrets.token_bytes(GEOMETRY_BYTES),
        secrets.token_bytes(GEOMETRY_BYTES),
    )


def opens(geometries: Geometries, one: tuple[str, TaskContents]) -> None:
    segment_id, task = one
    assert geometries.geometry(segment_id, task.task_id) == task.geometry


@pytest.fixture
def flow(connect):
    running = Flow(connect)
    running.flows_since(0)
    yield running
    running.stop()


def all_there(flow: Flow, connect) -> None:
    flow.stop()
    geometries = Geometries(connect(), PROJECT)
    for one in flow.written:
        opens(geometries, one)


def test_no_segment_is_lost_when_the_node_that_leads_is_killed(cluster, flow, connect):
    took = []
    for _ in range(ROUNDS):
        leader = cluster.leader()
        cluster.kill(leader)
        killed = time.monotonic()
        written, read = flow.flows_since(killed)
        took.append(f"written again after {written - killed:.1f} s, read after {read - killed:.1f} s")
        cluster.start(leader)
        wait_for(lambda it=leader: cluster.stands_by(it), "the node that was killed is back")
    print(*took, f"{len(flow.written)} segments, {flow.outages} calls failed", sep="\n")  # noqa: T201 - the record
    all_there(flow, connect)


def test_no_segment_is_missed_when_the_node_that_leads_hands_over_and_goes_on_answering(cluster, flow, connect):
    for _ in range(ROUNDS):
        leader = cluster.leader()
        cluster.step_down(leader)
        handed = time.monotonic()
        wait_for(lambda it=leader: cluster.leader() is not it, "another leads")
        flow.flows_since(handed)
    all_there(flow, connect)
