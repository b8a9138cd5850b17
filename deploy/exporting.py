"""Verdicts taken out by a person, as offsets without a text; on the audit before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.compliance import compliance
from deploy.local.endpoints import load_endpoints
from deploy.persons import acting, load_declared, require_role
from deploy.provision.credentials import CredentialFiles
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import ConfigError, Undecodable
from schemas.records import Verdict
from schemas.registry import Registry
from schemas.resources import project_resource
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.label.forms import labels_view
from streams.label.studio.writing import configuration
from topology.control import ControlBook
from topology.identity import Identity
from topology.policies import load_policy_bytes

EXPORTERS = ("operator",)
"""Who may. What they get has no text. A file of labels names nobody; agreement is shown by pairs of persons."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The verdicts of a project, and what `control` says, by which a policy's labels are found. `unreadable`: how
    many more there are that can't be decoded.
    """

    verdicts: Sequence[Verdict]
    book: ControlBook
    unreadable: int = 0

    def configuration(self, project: str) -> str:
        """The labeling configuration for tasks shaped as the last verdict's. Raises ConfigError for none."""
        policy = (
            self.book.policy(project, self.verdicts[-1].policy)
            if self.verdicts
            else self.book.policy_in_force(project)
        )
        schema = load_policy_bytes(policy.body).labels if policy else None
        if schema is None or not self.verdicts:
            raise ConfigError(f"{project}: a configuration needs a policy with labels, and a verdict to go by")
        return configuration([it.path for it in self.verdicts[-1].fields], labels_view(schema))


def take_out(root: Path, project: str, person: str, form: str) -> Exported:
    """The verdicts of a project, but those of withdrawn tasks. Raises ConfigError, and what Kafka and Vault
    raise.
    """
    declared = load_declared(root)
    require_role(declared, project, person, EXPORTERS, "export labels")
    with compliance(root) as seen:
        book = seen.book()
    found, unreadable = _verdicts(root.absolute(), project)
    verdicts = [it for it in found if not book.is_withdrawn(project, it.task_id)]
    details = {"format": form, "verdicts": str(len(verdicts)), "unreadable": str(unreadable)}
    with acting(root, declared, project, person) as around:
        event = Event(EventType.LABELS_EXPORTED, project_resource(project), person=person, details=details)
        act(around, [], [event])
    return Exported(verdicts, book, unreadable)


def readable(codec: Codec, values: Iterable[bytes | None]) -> tuple[list[Verdict], int]:
    """The verdicts among the values of a topic, and how many of these are none: one of them must not keep the
    others from being taken out. Raises RegistryUnavailable.
    """
    found, unreadable = list[Verdict](), 0
    for value in values:
        if value is None:
            continue
        try:
            found.append(codec.decode(value, Verdict))
        except Undecodable:
            unreadable += 1
    return found, unreadable


def _verdicts(root: Path, project: str) -> tuple[list[Verdict], int]:
    """Read as `exporter.P`, which may read nothing else."""
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    mine = CredentialFiles(root).load(Identity("exporter", project))
    kafka = endpoints.kafka
    log = KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    try:
        return readable(Codec(registry), (it.value for it in log.read(f"verdicts.{project}")))
    finally:
        registry.close()
