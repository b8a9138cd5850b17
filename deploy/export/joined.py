"""Joined labels taken out by an operator, with a fresh second factor; on the audit before a file is written.

They are read as `packer.P`, which may read them and the index of segments, by whose subject hashes they are
parted, and nothing else: it opens nothing, and no hash leaves it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.acting import act
from deploy.compliance import compliance
from deploy.export.chosen import of_erased
from deploy.export.forms import What
from deploy.export.json_lines import json_lines
from deploy.export.latest import latest
from deploy.export.parquet import parquet
from deploy.export.parts import Parted, parted
from deploy.export.rows import Row, joined_row
from deploy.export.split import Split, groups_of
from deploy.export.wanted import Wanted, admitted, write
from deploy.granting import Ask, signed_in
from deploy.local.endpoints import load_endpoints
from deploy.persons import acting
from deploy.provision.credentials import CredentialFiles
from deploy.segment_index import index_of
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.errors import ConfigError
from schemas.export_order import ExportForm
from schemas.records import JoinedLabel
from schemas.registry import Registry
from schemas.resources import project_resource
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from topology.identity import Identity


@dataclass(frozen=True, slots=True)
class Done:
    """What was written. `unreadable`: records on the topic that are none."""

    counts: dict[str, int]
    unknown: int
    moved: int
    unreadable: int


def export_joined(root: Path, project: str, person: str, wanted: Wanted, ask: Ask) -> Done:
    """Write the joined labels of a project, but those of withdrawn tasks and erased people.

    Raises ConfigError, OSError, and what Kafka and Vault raise: then nothing is written.
    """
    declared = admitted(root, project, person, What.JOINED, wanted)
    with acting(root, declared, project, person) as around, signed_in(around, ask()):
        found, unreadable = _parted(root, project, person, wanted.split)
        found.require_some()
        event = Event(
            EventType.JOINED_EXPORTED,
            project_resource(project),
            person=person,
            details=_details(wanted, found, unreadable),
        )
        act(around, [], [event])
    write(wanted, {part: _bytes(wanted.form, rows) for part, rows in found.filled.items()})
    return Done(found.counts, found.unknown, found.moved, unreadable)


def _parted(root: Path, project: str, person: str, split: Split | None) -> tuple[Parted[Row], int]:
    """Read as `packer.P`. The index first and `control` last, and both after whoever types has typed: keeper
    orders a withdrawal before it rewrites the index, so who is erased is in the one or the other. Raises
    ConfigError for who is revoked.
    """
    endpoints = load_endpoints(root.absolute() / "run" / "endpoints.json")
    mine, kafka = CredentialFiles(root.absolute()).load(Identity("packer", project)), endpoints.kafka
    log = KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))
    with closing(Registry(endpoints.registry.url, endpoints.registry.tls())) as registry:
        codec = Codec(registry)
        segments = index_of(log.read(f"segments.{project}"), codec).segments.values()
        labels, unreadable = latest(codec, log.read(f"joined.{project}"), JoinedLabel)
    with compliance(root) as seen:
        book = seen.book()
    if person in book.revocations(project).held:
        raise ConfigError(f"{person} is revoked in {project}, and takes nothing out")
    out = book.withdrawn(project) | of_erased(segments, book.erasures(project).hashes)
    rows = [joined_row(it) for _, it in sorted(labels.items()) if it.task_id not in out]
    return parted(rows, lambda row: str(row["task_id"]), split, groups_of(segments)), unreadable


def _details(wanted: Wanted, found: Parted[Row], unreadable: int) -> dict[str, str]:
    return {
        "format": wanted.form.value,
        "labels": " ".join(f"{part}={count}" for part, count in found.counts.items()),
        "unknown": str(found.unknown),
        "moved": str(found.moved),
        "unreadable": str(unreadable),
    }


def _bytes(form: ExportForm, rows: list[Row]) -> bytes:
    return parquet(rows, What.JOINED) if form is ExportForm.PARQUET else json_lines(rows)
