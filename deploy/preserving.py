"""Putting the evidence of an incident aside: files that verify anywhere, signed by a person, on the audit."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from deploy.acting import act
from deploy.compliance import Compliance, audit_topic, compliance
from deploy.freezing import frozen
from deploy.incidents import WORKERS, known
from deploy.persons import acting, load_declared, require_role
from deploy.policy_history import told
from deploy.surroundings import CONTROL, Surroundings
from schemas.alerts import Alert
from schemas.audit import AuditEvent, Event, EventType
from schemas.errors import ConfigError, StackError, Undecodable
from schemas.metrics import Metric
from schemas.records import ControlState
from schemas.resources import incident_resource
from streams.audit.copying import copy_logs
from streams.audit.evidence import (
    MANIFEST,
    MANIFEST_SIGNATURE,
    Gathered,
    Ordered,
    digest,
    evidence,
    manifest_file,
    message,
)
from streams.audit.evidence_check import digests
from streams.audit.exported import exported_events
from streams.audit.findings import Finding, FindingKind
from streams.audit.incidents import Incident, incidents
from streams.audit.index import INDEX, BadIndex
from streams.audit.note import BadNote
from streams.audit.store import Directory, Store
from topology.control import ControlBook, Rejected
from topology.control_key import parse_key
from topology.identity import PLATFORM
from topology.playbook import load_playbook

SEALED_WITHIN_S = 30.0
"""A checkpoint is two seconds behind at most, on a machine that others use ten times that."""
AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put aside. `manifest`: its SHA-256 in hex, as the audit has it."""

    incident: Incident
    manifest: str
    files: int
    events: int


def preserve(
    root: Path, project: str, person: str, incident_id: str, folder: Path, earlier: Store | None = None
) -> Kept:
    """Put aside what there is of an incident, in a new folder: all of the audit up to now, sealed, and what goes
    with it. Nothing is left there where it fails. `earlier`: an export of the audit, which is copied and gone on
    with: it has what has expired on Kafka.

    Raises ConfigError; StackError where the sealer is late, or somebody writes to that export.
    """
    declared = load_declared(root)
    require_role(declared, project, person, WORKERS, "preserve evidence")
    if folder.exists():
        raise ConfigError(f"{folder} is there already; evidence goes into a folder of its own")
    with compliance(root) as seen, acting(root, declared, project, person) as around:
        try:
            return _preserve(seen, around, incident_id, folder, earlier)
        except BaseException:  # Ctrl-C too: half of the evidence would look like all of it
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _preserve(
    seen: Compliance, around: Surroundings, incident_id: str, folder: Path, earlier: Store | None
) -> Kept:
    project, person = around.project, around.identity.signer
    audit = Directory(folder / AUDIT)
    if earlier is not None:
        _begin_with(earlier, seen, project, audit)
    _export(seen, project, audit)
    events = list(exported_events(audit, seen.topology.pins.keys))
    incident = known(incidents(events), incident_id)
    store = Directory(folder)
    for name, data in evidence(_gathered(seen, project, incident, events)).items():
        store.put(name, data)
    names = digests(store)
    manifest = manifest_file(incident, project, person, names)
    store.put(MANIFEST_SIGNATURE, around.sign(message(manifest)).hex().encode() + b"\n")
    store.put(MANIFEST, manifest)
    kept = Kept(incident, digest(manifest), len(names), len(events))
    details = {"manifest": kept.manifest, "files": str(kept.files)}
    act(
        around,
        [],
        [Event(EventType.INCIDENT_PRESERVED, incident_resource(incident_id), person=person, details=details)],
    )
    return kept


def _begin_with(earlier: Store, seen: Compliance, project: str, store: Directory) -> None:
    if earlier.get(INDEX) is None:
        raise ConfigError("there is no export to go on with")
    try:
        with earlier.alone():
            copy_logs(earlier, store, {audit_topic(project)}, seen.topology.pins.keys)
    except (BadIndex, BadNote) as error:
        raise ConfigError(f"that is no export to go on with: {error}") from None


def _export(seen: Compliance, project: str, store: Directory) -> None:
    """All that is there now, as soon as the sealer has sealed it."""
    topic = audit_topic(project)
    ends = {record.partition: record.offset + 1 for record in seen.log.read(topic)}
    limit = time.monotonic() + SEALED_WITHIN_S
    with seen.exporter(store, [project]) as exporter, closing(seen.follow_export(exporter)) as extended:
        for done in extended:
            if done.findings:
                raise StackError(_refusal(done.findings[0]))
            exported = {one.partition: one.next_offset for one in done.logs.values()}
            if all(exported.get(partition, 0) >= end for partition, end in ends.items()):
                return
            if time.monotonic() > limit:
                raise StackError(
                    f"the audit was not sealed within {SEALED_WITHIN_S:.0f} s; does seal.platform work?"
                )


def _refusal(finding: Finding) -> str:
    text = f"the audit can't be put aside as it was sealed: {finding}"
    if finding.kind is not FindingKind.EXPIRED:
        return text
    return f"{text}. Give the export of it that you keep, which has what has expired (--export)"


def _gathered(seen: Compliance, project: str, incident: Incident, events: list[AuditEvent]) -> Gathered:
    book = ControlBook(seen.topology.flow, seen.topology.pins, seen.topology.projects)
    orders = list(_orders(seen, project, book))
    return Gathered(
        incident=incident,
        events=events,
        alerts=list(alerts_for(seen, project, incident)),
        metrics=list(seen.readable(f"metrics.{project}", Metric)),
        orders=orders,
        standing=_standing(seen, project, book, events),
        playbook=load_playbook(incident.playbook).text,
    )


def alerts_for(seen: Compliance, project: str, incident: Incident) -> Iterator[Alert]:
    """The project's; of the platform's, which name people of others, only the one that the incident is about."""
    yield from seen.readable(f"alerts.{project}", Alert)
    yield from (it for it in seen.readable(f"alerts.{PLATFORM}", Alert) if it.alert_id == incident.alert)


def _orders(seen: Compliance, project: str, book: ControlBook) -> Iterator[Ordered]:
    """The project's records of `control`, each given to the book."""
    for record in seen.log.read(CONTROL):
        key = (record.key or b"").decode("utf-8", "replace")
        parsed = parse_key(key)
        if parsed is None or parsed.project != project:
            continue
        try:
            state = None if record.value is None else seen.codec.decode(record.value, ControlState)
        except Undecodable as error:
            yield Ordered(record.partition, record.offset, None, error.reason.value)
            continue
        result = book.apply(key, state)
        refused = result.reason.value if isinstance(result, Rejected) else ""
        yield Ordered(record.partition, record.offset, state, refused)


def _standing(seen: Compliance, project: str, book: ControlBook, events: list[AuditEvent]) -> dict[str, object]:
    persons, revoked = seen.topology.project(project).persons, book.revocations(project)
    flow = files("topology").joinpath("flow.yaml").read_bytes()
    stopped = {
        who: {"stages": sorted(one.stages), "reason": one.reason, "signed_by": list(one.signed_by)}
        for who, one in frozen(book, project, persons).items()
    }
    return {
        "release": version("veilstream"),
        "flow_sha256": hashlib.sha256(flow).hexdigest(),
        "policies": asdict(told(project, book, events)),
        "frozen": stopped,
        "revoked": {who: sorted(revoked.by(who)) for who in sorted(revoked.held)},
    }
