"""A project on the shared stack, with its stages as threads of the test: put together by
`deploy.stages.stage.assemble` as in processes, each under its own identity.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from deploy.control_orders import order_withdrawal, sign_policy, sign_release, sign_reredaction
from deploy.local.endpoints import load_endpoints
from deploy.local.stack import LocalStack
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected, pins_path
from deploy.publishing import publishing
from deploy.stages.roles import PLATFORM_ROLES, roles_of
from deploy.stages.stage import Running, assemble
from deploy.surroundings import Surroundings, surroundings
from deploy.traces.setting import TracesSetting
from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec
from schemas.control import WithdrawalReason
from schemas.errors import Fenced
from schemas.quarantine_release import QuarantineRelease
from schemas.records import (
    Find,
    JoinedLabel,
    Label,
    OpenTask,
    Quarantined,
    RawReference,
    SegmentIndex,
    Task,
    Verdict,
)
from schemas.registry import Registry
from schemas.reredaction import Reredaction
from streams.audit.chain import Chains
from streams.audit.reader import Reader, read_events
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.messages import Message, Outgoing
from streams.label.client import LabelClient
from streams.label.forms import LeaseView
from tests.support.handing import started
from tests.support.litter import litter, write_past_all
from tests.support.waiting import wait_for
from topology.identity import PERSON, PLATFORM, Identity
from topology.loading import Topology, load_topology
from topology.policies import Policy, load_policy
from topology.policies.canonical import with_hash
from topology.policies.model import Publish
from vault.client import VaultClient
from vault.signing import issue_token

T = TypeVar("T")
RECORDS = {
    "tasks": Task,
    "open": OpenTask,
    "labels": Label,
    "verdicts": Verdict,
    "joined": JoinedLabel,
    "quarantine": Quarantined,
    "finds": Find,
    "segments": SegmentIndex,
}


@dataclass(frozen=True)
class Projects:
    """The projects of a folder, declared and applied under names that no earlier run has used."""

    root: Path
    topology: Topology
    names: Mapping[str, str]

    def pipeline(self, project: str) -> Pipeline:
        return on_shared_stack(self.root, self.topology, self.names[project])


def applied(stack: LocalStack, templates: Path, folder: Path, *, only: str = "*") -> Projects:
    """Apply the topology with these projects besides the packaged one, or with the one that is named. An external
    stack keeps what earlier runs left, so each project is named anew; its file is written to `folder`.
    """
    suffix = secrets.token_hex(4)
    names = {}
    for template in sorted(templates.glob(f"{only}.yaml")):
        old = template.stem
        names[old] = f"{old}-{suffix}"
        text = template.read_text().replace(f"name: {old}\n", f"name: {names[old]}\n")
        (folder / f"{names[old]}.yaml").write_text(text)
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(load_topology(extra_projects=[folder]), parts)
    return Projects(stack.root, load_topology(extra_projects=[folder], pins=pins_path(stack.root)), names)


@dataclass
class Stage:
    """A stage in a thread. What it died of is raised by `stop`."""

    around: Surroundings
    running: Running
    port: int
    stopping: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name=self.around.identity.name, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(60)
        self.running.stop()
        self.around.close()
        if self.error is not None and not isinstance(self.error, Fenced):
            raise self.error

    def _run(self) -> None:
        try:
            self.running.run(self.stopping)
        except BaseException as error:  # noqa: BLE001 - raised by `stop`
            self.error = error


class Pipeline:
    """One project: its stages, its people, and an administrator's look at its topics."""

    def __init__(self, root: Path, topology: Topology, project: str) -> None:
        self.root = root
        self.topology = topology
        self.project = project
        self.stages: dict[tuple[str, int], Stage] = {}
        self._tokens: dict[str, str] = {}
        self.traces: TracesSetting | None = None

    @property
    def partitions(self) -> int:
        return self.topology.project(self.project).partitions

    # Stages

    def apply(self, stack: LocalStack) -> None:
        """Apply its topology again: warden may touch whom the last one named, and other tests share the stack."""
        with connected(stack.endpoints, stack.root) as parts:
            apply_topology(self.topology, parts)

    def start(self, *roles: str, number: int = 0, port: int | None = None) -> None:
        """Stages of these roles, or of all; `port` is that of label's API, where it must be known before."""
        for role in roles or roles_of(self.topology.project(self.project)):
            place = PLATFORM if role in PLATFORM_ROLES else self.project
            around = started(self.root, Identity(role, place), place, self.topology)
            own = port or free_port()
            self.stages[role, number] = Stage(around, assemble(around, number, own, traces=self.traces), own)

    def stop(self, *roles: str) -> None:
        for key in [key for key in self.stages if not roles or key[0] in roles]:
            self.stages.pop(key).stop()

    def restart(self, *roles: str) -> None:
        self.stop(*roles)
        self.start(*roles)

    # People

    @contextmanager
    def person(self, name: str) -> Iterator[Surroundings]:
        around = surroundings(self.root, Identity(PERSON, name), self.project, self.topology)
        try:
            yield around
        finally:
            around.close()

    def sign(self, *persons: str, policy: Policy | None = None) -> str:
        """Put persons' signatures on a policy (the demo's); its hash."""
        policy = policy or load_policy("demo")
        for name in persons:
            with self.person(name) as around:
                sign_policy(around, policy)
        return policy.hash

    def sign_open(self, *persons: str) -> str:
        """The same on the demo's policy, but that it publishes its texts open."""
        return self.sign(*persons, policy=with_hash(replace(load_policy("demo"), publish=Publish.OPEN)))

    def withdraw(self, person: str, task_id: str) -> None:
        with self.person(person) as around:
            order_withdrawal(around, task_id, WithdrawalReason.REHEARSAL)

    def order_again(self, *persons: str, number: int = 1, policy: int = 1) -> None:
        """Put persons' signatures on an order to redact once more all there is on raw."""
        for name in persons:
            with self.person(name) as around:
                sign_reredaction(around, Reredaction(number, policy, 0), number)

    def release(self, *persons: str, order: QuarantineRelease) -> None:
        """Put persons' signatures on the release of a quarantined record."""
        for name in persons:
            with self.person(name) as around:
                sign_release(around, order, 1)

    def token(self, operator: str, person: str) -> str:
        if person not in self._tokens:
            with self.person(operator) as around:
                self._tokens[person] = issue_token(
                    around.vault,
                    issuer=operator,
                    person=person,
                    project=self.project,
                    token_id=secrets.token_hex(8),
                    now=around.clock.now(),
                )
        return self._tokens[person]

    def client(self, operator: str, person: str) -> LabelClient:
        token = self.token(operator, person)
        return LabelClient(f"http://127.0.0.1:{self.stages['label', 0].port}", self.project, lambda: token)

    def annotate(
        self, operator: str, persons: Sequence[str], answer: Callable[[LabelClient, LeaseView], object]
    ) -> int:
        """Each person takes what there is and answers; how many leases were answered."""
        answered = 0
        for person in persons:
            with self.client(operator, person) as client:
                while (lease := client.lease()) is not None:
                    answer(client, lease)
                    answered += 1
        return answered

    # Records

    def publish(self, *records: dict[str, object]) -> list[RawReference]:
        """Publish JSON records as the project's producer does; where they lie, in order."""
        found: dict[int, object] = {}
        with publishing(self.root, self.project) as publisher:
            for number, record in enumerate(records):
                publisher.publish_json(record, done=lambda result, at=number: found.__setitem__(at, result))
            publisher.flush()
        assert all(isinstance(result, RawReference) for result in found.values())
        return [found[number] for number in range(len(records))]

    def write(
        self, topic: str, key: bytes, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Write a record as an administrator could, past every stage and right."""
        write_past_all(self.log, Outgoing(topic, key, value, tuple(headers)))

    # Looking

    @cached_property
    def log(self) -> KafkaLog:
        kafka = load_endpoints(self.root / "run" / "endpoints.json").kafka
        password = kafka.admin_password_file.read_text().strip()
        return KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, kafka.admin_user, password))

    @cached_property
    def registry(self) -> Registry:
        endpoint = load_endpoints(self.root / "run" / "endpoints.json").registry
        return Registry(endpoint.url, endpoint.tls())

    @cached_property
    def codec(self) -> Codec:
        return Codec(self.registry)

    def administrators_vault(self) -> VaultClient:
        """The project's part of Vault with the first token, which may do everything."""
        place = load_endpoints(self.root / "run" / "endpoints.json").vault
        token = place.token_file.read_text().strip()
        return VaultClient.from_token(place.url, place.ca_file, token, self.project)

    def close(self) -> None:
        self.stop()
        if "registry" in self.__dict__:
            self.registry.close()

    def messages(self, kind: str) -> list[Message]:
        return list(self.log.read(f"{kind}.{self.project}"))

    def records(self, kind: str) -> list:
        """Every record of a topic that is one of its type (no tombstones, no epochs of slots)."""
        record_type = RECORDS[kind]
        found = [
            m for m in self.messages(kind) if m.value is not None and not (m.key or b"").startswith(b"epoch/")
        ]
        return [self.codec.decode(m.value, record_type) for m in found]

    def audit(self) -> list[AuditEvent]:
        return list(read_events(self.log, Reader(self.codec), [f"audit.{self.project}"]))

    def events(self, kind: EventType) -> list[AuditEvent]:
        return [event for event in self.audit() if event.type is kind]

    def reconciled(self) -> Reconciliation:
        """The reconciliation of the project's audit, whose chains hold; AssertionError naming what does not."""
        reconciler, chains, reader = Reconciler(self.project), Chains(self.topology.pins.keys), Reader(self.codec)
        found = []
        for event in read_events(self.log, reader, [f"audit.{self.project}"]):
            found += chains.add(event)
            reconciler.add(event)
        result = reconciler.result()
        found += [*chains.end(), *reader.findings, *result.findings]
        assert not found, "\n".join(map(str, found))
        return result

    def wait_records(self, kind: str, count: int) -> list:
        """The records of a topic once there are so many."""
        return wait_for(lambda: found if len(found := self.records(kind)) >= count else None, f"{count} on {kind}")

    def wait_event(self, what: str, wanted: Callable[[AuditEvent], bool]) -> AuditEvent:
        """The first event that `wanted` says yes to."""
        return wait_for(lambda: next(filter(wanted, self.audit()), None), f"the event {what}")


def on_shared_stack(root: Path, topology: Topology, project: str) -> Pipeline:
    """A pipeline that finds on the topics of all what other tests may have left there."""
    made = Pipeline(root, topology, project)
    litter(made.log)
    return made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
