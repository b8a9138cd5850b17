"""What compliance sees: the audit of a project, and what `control` has said. Reads only, and holds no key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.surroundings import CONTROL, project_folders
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import ControlState
from schemas.registry import Registry
from streams.audit.chain import Chains, Head
from streams.audit.export import Exported, write_export
from streams.audit.findings import Finding
from streams.audit.reader import Reader, read_events, read_placed
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.engine.kafka import KafkaAccess, KafkaLog
from topology.control import ControlBook
from topology.identity import PLATFORM, Identity
from topology.loading import Topology, load_topology

COMPLIANCE = Identity("compliance", PLATFORM)


@dataclass(frozen=True, slots=True)
class Account:
    """A project's audit, read whole: whether it adds up, what is wrong with it, the last event of each slot."""

    reconciliation: Reconciliation
    findings: tuple[Finding, ...]
    heads: dict[str, Head]

    @property
    def holds(self) -> bool:
        """Schema, headers, chains, signatures and reconciliation all hold."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Compliance:
    """The connections of `compliance.platform`. Methods may raise LogUnavailable, RegistryUnavailable."""

    topology: Topology
    log: KafkaLog
    codec: Codec

    def book(self) -> ControlBook:
        """What `control` says up to its end now. What can't be read counts for nothing, as in every stage."""
        book = ControlBook(self.topology.flow, self.topology.pins, self.topology.projects)
        for message in self.log.read(CONTROL):
            key = (message.key or b"").decode("utf-8", "replace")
            try:
                state = None if message.value is None else self.codec.decode(message.value, ControlState)
            except Undecodable:
                continue
            book.apply(key, state)
        return book

    def account(self, project: str) -> Account:
        """Check every event of a project: frame, chain, signatures, and whether all adds up."""
        reader, chains = Reader(self.codec), Chains(self.topology.pins.keys)
        reconciler = Reconciler(self.topology.project(project).name)
        found: list[Finding] = []
        for event in read_events(self.log, reader, [audit_topic(project)]):
            found += chains.add(event)
            reconciler.add(event)
        found += chains.end()
        result = reconciler.result()
        return Account(result, (*reader.findings, *found, *result.findings), chains.heads())

    def export(self, project: str, directory: Path) -> tuple[Exported, tuple[Finding, ...]]:
        """Write a project's audit to files that verify anywhere. Raises OSError."""
        reader = Reader(self.codec)
        topics = [audit_topic(self.topology.project(project).name)]
        placed = read_placed(self.log, reader, topics)
        return write_export(directory, placed, self.topology.pins.keys, project), tuple(reader.findings)


@contextmanager
def compliance(root: Path) -> Iterator[Compliance]:
    """Connect as compliance. Raises ConfigError where the stack was never started or provisioned."""
    root = root.absolute()
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    topology = load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    mine = CredentialFiles(root).load(COMPLIANCE)
    kafka = endpoints.kafka
    access = KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    try:
        yield Compliance(topology, KafkaLog(access), Codec(registry))
    finally:
        registry.close()


def audit_topic(project: str) -> str:
    """Where a project's events are."""
    return f"audit.{project}"
