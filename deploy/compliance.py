"""What compliance sees: the audit of a project, and what `control` has said. Reads only, and holds no key."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from deploy.control_book import read_book
from deploy.local.endpoints import Endpoints, load_endpoints
from deploy.log_name import log_name
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.surroundings import project_folders
from schemas.codec import Codec, SchemaIds
from schemas.errors import Undecodable
from schemas.registry import Registry
from streams.audit.beginnings import Beginnings
from streams.audit.chain import Chains, Head
from streams.audit.export import Exported, Exporter
from streams.audit.findings import Finding
from streams.audit.prefixes import Prefixes
from streams.audit.reader import Reader, read_placed
from streams.audit.recent import NOTHING, recent
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.audit.sealed import latest_notes
from streams.audit.signed import Signed
from streams.audit.store import Store
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.messages import Message, TopicPartition
from topology.control import ControlBook
from topology.identity import PLATFORM, Identity
from topology.loading import Topology, load_topology
from topology.topics import topics

T = TypeVar("T")
COMPLIANCE = Identity("compliance", PLATFORM)
CHECKPOINTS = "checkpoints"
FOLLOW_BATCH, FOLLOW_WAIT_S = 500, 1.0


@dataclass(frozen=True, slots=True)
class Account:
    """A project's audit, read whole: whether it adds up, what is wrong with it, what will be unless events come
    that were on their way, what has expired and can't be checked, the last event of each slot.
    """

    reconciliation: Reconciliation
    findings: tuple[Finding, ...]
    awaited: tuple[Finding, ...]
    expired: tuple[Finding, ...]
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
    ids: SchemaIds
    endpoints: Endpoints

    @property
    def log_name(self) -> str:
        """Of the logs that the sealer writes now."""
        return log_name(self.endpoints, self.log)

    def book(self) -> ControlBook:
        """What `control` says up to its end now."""
        return read_book(self.topology, self.log, self.codec)

    def readable(self, topic: str, record_type: type[T]) -> Iterator[T]:
        """The records of a topic that can be read: what can't may hold anything."""
        for message in self.log.read(topic):
            try:
                yield self.codec.decode(message.value, record_type)
            except Undecodable:
                continue

    def account(self, project: str, now: int | None) -> Account:
        """Check every event of a project: frame, chain, signatures, and whether all adds up. `now`: of who asks,
        in milliseconds; None where they are of another time, as in a backup: then the latest of them tells it, and
        nothing is awaited that can't come any more.
        """
        reader, chains = Reader(self.codec), Chains(self.topology.pins.keys)
        reconciler = Reconciler(self.topology.project(project).name)
        begin, signed, found = self._beginnings(audit_topic(project)), Signed(), list[Finding]()
        for placed in read_placed(self.log, reader, [audit_topic(project)]):
            where = f"{placed.topic}/{placed.partition}"
            begin.take(where, placed.event.time)
            found += chains.add(placed.event, late=begin.is_late(where))
            for one in signed.by(placed.event):
                reconciler.add(one)
        lately = NOTHING if now is None else recent(max(chains.newest, now), now)
        found += chains.end(lately)
        result = reconciler.result(now=now or 0, since=begin.since, recent=lately)
        return Account(
            reconciliation=result,
            findings=(*reader.findings, *found, *result.findings),
            awaited=(*chains.awaited(lately), *result.awaited),
            expired=begin.notes(chains.unproven()),
            heads=chains.heads(),
        )

    def _beginnings(self, topic: str) -> Beginnings:
        """Asked before reading: what expires meanwhile was read, or shows as missing."""
        segment = next((it.config["segment.ms"] for it in topics(self.topology) if it.name == topic), None)
        begin = Beginnings() if segment is None else Beginnings(int(segment))
        for place, first in self.log.offsets_at(topic, 0).items():
            if first:
                begin.late(f"{topic}/{place.partition}", f"its beginning has expired, up to offset {first - 1:,}")
        return begin

    def checkpoints(self) -> Mapping[str, bytes]:
        """The latest note that the sealer has signed for each log, by the log's origin; not checked here. Of a
        partition whose log was named anew, that of the name of now.
        """
        return latest_notes(_notes(self.log.read(CHECKPOINTS)))

    @contextmanager
    def exporter(self, store: Store, projects: Sequence[str] = ()) -> Iterator[Exporter]:
        """Writes what is sealed to files that verify anywhere: of these projects, or of all and the platform.

        Raises BadIndex where something else lies there, StackError while another export goes on there, OSError.
        """
        names = [self.topology.project(one).name for one in projects]
        audits = [audit_topic(one) for one in names or (*sorted(self.topology.projects), PLATFORM)]
        keys = self.topology.pins.keys
        with store.alone():
            yield Exporter(store, audits, keys, self.log.read, self._firsts, Prefixes(self.ids).of)

    def _firsts(self, topic: str) -> Mapping[TopicPartition, int]:
        return self.log.offsets_at(topic, 0)

    def follow_export(self, exporter: Exporter) -> Generator[Exported, None, None]:
        """Extend the export by all that is sealed now; then, for ever, by what is new, which may be nothing."""
        follower, latest = self.log.follow([CHECKPOINTS]), dict[str, bytes]()
        try:
            ends = follower.ends()
            while True:
                latest = latest_notes([*latest.items(), *_notes(follower.poll(FOLLOW_BATCH, FOLLOW_WAIT_S))])
                if follower.passed(ends):
                    yield exporter.extend(latest)
        finally:
            follower.close()


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
        yield Compliance(topology, KafkaLog(access), Codec(registry), registry, endpoints)
    finally:
        registry.close()


def _notes(messages: Iterable[Message]) -> Iterator[tuple[str, bytes]]:
    for message in messages:
        if message.key is not None and message.value is not None:
            yield message.key.decode("utf-8", "replace"), message.value


def audit_topic(project: str) -> str:
    """Where a project's events are."""
    return f"audit.{project}"
