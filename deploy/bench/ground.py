"""Where the bench takes place: a stack and a project of its own, whose processes it starts and ends."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

import deploy
from deploy.bench.resources import idle_cpu, peak_bytes
from deploy.bench.workload import FIELD, texts
from deploy.control_orders import sign_policy
from deploy.local.disk import explained
from deploy.provision.parts import pins_path
from deploy.publishing import publishing
from deploy.starting import handed_by_administrator
from deploy.supervise.emptied import emptied
from deploy.supervise.files import make_private_folder
from deploy.supervise.spawn import NURSERY, Child
from deploy.surroundings import Surroundings, surroundings
from deploy.up import Installation
from schemas.errors import StackError
from schemas.tls import NOBODY
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_follower import KafkaFollower
from streams.publish.publisher import Publisher
from topology.identity import Identity
from topology.pins import load_pins
from topology.policies import load_policy
from topology.policies.canonical import with_hash
from topology.project_document import DEFAULT_PARTITIONS

PROJECT = "bench"
PLAIN_IN, PLAIN_OUT = "bench-plain-in", "bench-plain-out"
_PROJECT_FILE = """\
name: bench
owner: veil bench
persons:
  authors: [bench-author]
  approvers: [bench-approver]
  operators: [bench-operator]
  requesters: [bench-requester]
  grant_approvers: {{a: [bench-grantor-a], b: [bench-grantor-b]}}
  annotators: [{annotators}]
partitions: {partitions}
retention_ms: {retention}
"""
SIGNERS = ("bench-author", "bench-approver")
OPERATOR = "bench-operator"
REQUESTER, GRANTORS = "bench-requester", ("bench-grantor-a", "bench-grantor-b")
POLICY = "demo"
ANNOTATORS = tuple(f"bench-annotator-{number}" for number in range(1, 33))
HEALTHY_WITHIN_S = 60.0
"""Redact compiles its patterns in 6 s; on a machine with other work to do ten times that was seen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long what comes is kept, where that is not as long as usual. Hours of mappings in Vault; milliseconds of
    other topics than usual, by kind.
    """

    mapping_hours: int
    topics_ms: Mapping[str, int]


class Ground:
    """A running stack. One thread at a time, but the log, publishers and admin may be used from any."""

    def __init__(
        self, root: Path, report: Callable[[str], None], redact_processes: int = 1, kept: Kept | None = None
    ) -> None:
        self.root = root.absolute()
        self.report = report
        self._redact_processes = redact_processes
        self._kept = kept
        self.installation = Installation(self.root, (PROJECT,), redact_processes, report=report)
        self.peaks: dict[str, int] = {}
        self._children: list[tuple[str, Child]] = []

    def __enter__(self) -> Self:
        topics_ms = self._kept.topics_ms if self._kept else {}
        _fresh(self.root, max(DEFAULT_PARTITIONS, self._redact_processes), topics_ms)
        self.installation.start()
        try:
            self._make_topics()
            self._publish_policy()
        except BaseException:
            self.installation.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for name, _ in list(self._children):
                self.end_child(name)
        finally:
            self.installation.stop()

    # Connections

    def admin_settings(self) -> dict[str, Any]:
        """Of a plain Kafka client, as the administrator. Holds the password."""
        return self.installation.endpoints.kafka.client_settings() | {"log_level": 2}

    def log(self) -> KafkaLog:
        """Reads every topic."""
        kafka = self.installation.endpoints.kafka
        password = kafka.admin_password_file.read_text().strip()
        return KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, kafka.admin_user, password))

    @contextmanager
    def acting(self, role: str, name: str) -> Iterator[Surroundings]:
        """Connections of one identity."""
        around = surroundings(self.root, Identity(role, name), PROJECT)
        try:
            yield around
        finally:
            around.close()

    def publisher(self) -> AbstractContextManager[Publisher]:
        """The SDK under the producers' identity."""
        return publishing(self.root, PROJECT)

    def publish(self, records: int) -> None:
        """So many of the workload's records, until all lie on `raw`."""
        with self.publisher() as publisher:
            for text in texts(records):
                publisher.publish_json({FIELD: text})
            publisher.flush()

    def follow(self, topic: str) -> KafkaFollower:
        """What comes from now on."""
        follower = self.log().follow([topic])
        while not follower.at_end():
            follower.poll(1000, 0.1)
        return follower

    def pinned(self, signer: str) -> bytes:
        """The pinned public key of a signer. Raises StackError where there is none."""
        key = load_pins(pins_path(self.root)).of(signer)
        if key is None:
            raise StackError(f"{signer} has no pinned key")
        return key

    # Processes

    def end_all(self) -> None:
        """End every process of ours; the parts stay."""
        self.note_peaks()
        for status in self.installation.statuses():
            if status.pid is not None:
                self.installation.end(status.name)

    def begin(self, process: str) -> None:
        """Start one and wait until it works."""
        self.installation.begin(process)
        self._await_health(self.installation.address(process).health_url, process)

    def begin_all(self) -> None:
        """Start all that do not run, and wait until all work."""
        for status in self.installation.statuses():
            if status.pid is None:
                self.installation.begin(status.name)
        self.installation.wait_healthy()

    def begin_otherwise(self, switch: str) -> None:
        """Redact with a switch of `deploy.bench.process`, under the same identity and slot."""
        address = self.installation.address(f"redact.{PROJECT}.0")
        arguments = ["--root", str(self.root), "--health-port", str(address.health_port), switch]
        handed = handed_by_administrator(self.installation.endpoints, Identity("redact", PROJECT)).token.encode()
        self._spawn(f"redact {switch}", "deploy.bench.process", ["redact", PROJECT, *arguments], handed)
        self._await_health(address.health_url, address.process)

    def run_module(self, module: str, arguments: Sequence[str], limit_s: float) -> str:
        """Run a module of ours to its end, tied to this process; its last line of output."""
        log = self._spawn(module, module, arguments)
        _, child = self._children[-1]
        try:
            code = child.wait(limit_s)
        finally:
            self.end_child(module)
        if code != 0:
            raise StackError(f"{module} ended with {code}; {log} says why.")
        return log.read_text(encoding="utf-8").splitlines()[-1]

    def end_child(self, name: str) -> None:
        """End a process started by `begin_otherwise` or `run_module`."""
        for pair in [pair for pair in self._children if pair[0] == name]:
            self._children.remove(pair)
            child = pair[1]
            if child.poll() is None:
                child.terminate()
                child.wait(HEALTHY_WITHIN_S)

    def note_peaks(self) -> None:
        """Remember how large each process has become."""
        for name, pid in self.pids().items():
            self.peaks[name] = max(self.peaks.get(name, 0), peak_bytes(pid))

    def idle_cpu(self, seconds: float) -> dict[str, float]:
        """By process, over the next `seconds`."""
        return idle_cpu(self.pids(), seconds)

    def pids(self) -> dict[str, int]:
        """Of the parts and our processes that run."""
        statuses = (*self.installation.stack.statuses(), *self.installation.statuses())
        return {status.name: status.pid for status in statuses if status.pid is not None}

    # Inside

    def _spawn(self, name: str, module: str, arguments: Sequence[str], handed: bytes = b"") -> Path:
        log = self.root / "logs" / f"{module}.log"
        log.unlink(missing_ok=True)
        environment = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.root / "scratch"),
            "PYTHONPATH": str(Path(deploy.__file__).parents[1]),
            "MALLOC_ARENA_MAX": "2",
        }
        child = NURSERY.spawn((sys.executable, "-m", module, *arguments), environment, log, self.root, handed)
        self._children.append((name, child))
        return log

    def _await_health(self, url: str, process: str) -> None:
        limit = time.monotonic() + HEALTHY_WITHIN_S
        while time.monotonic() < limit:
            try:
                if httpx.get(url, timeout=2, trust_env=False, verify=NOBODY).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            threading.Event().wait(0.1)
        raise StackError(f"{process} does not work after {HEALTHY_WITHIN_S:.0f} s; see {self.root / 'logs'}.")

    def _make_topics(self) -> None:
        topics = [NewTopic(name, num_partitions=1, replication_factor=1) for name in (PLAIN_IN, PLAIN_OUT)]
        admin = AdminClient(self.admin_settings())  # named: an unnamed one would end before the answer
        for made in admin.create_topics(topics).values():
            made.result()

    def _publish_policy(self) -> None:
        policy = load_policy(POLICY)
        if self._kept is not None:
            policy = with_hash(replace(policy, segment_hours=self._kept.mapping_hours))
        for signer in SIGNERS:
            with self.acting("person", signer) as around:
                sign_policy(around, policy)


def _fresh(root: Path, partitions: int, retention_ms: Mapping[str, int]) -> None:
    """An empty root with the bench's own project: figures must not depend on what ran before.

    Raises StackError where another bench runs.
    """
    with explained(root):
        make_private_folder(root.parent)
        make_private_folder(emptied(root) / "projects")
        annotators, retention = ", ".join(ANNOTATORS), json.dumps(dict(retention_ms))
        text = _PROJECT_FILE.format(annotators=annotators, partitions=partitions, retention=retention)
        (root / "projects" / f"{PROJECT}.yaml").write_text(text, encoding="utf-8")
