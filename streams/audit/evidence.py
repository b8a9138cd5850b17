"""The evidence of an incident as files: what a person put aside, signed, so that it verifies anywhere. Pure.

| file | holds |
|---|---|
| `audit/` | the project's audit, exported (`export`): tiles, entries, the sealer's checkpoints, the pinned keys |
| `incident.json`, `timeline.jsonl` | the incident and what happened since, both as they follow from `audit/` |
| `alerts.jsonl`, `metrics.jsonl` | what watch said since; it signs nothing, so these are as the topics had them |
| `control.jsonl` | every order on `control` about the project, with its signature, the body as its SHA-256 |
| `standing.json` | policies and who signed them, the minimum, what was frozen, who revoked; topology and release |
| `playbook.md` | what was to be done |
| `manifest.json`, `manifest.sig` | the SHA-256 of each file; Ed25519 by the key of who put it aside |
| `lessons.md`, `closing.json`, `closing.sig` | once it is closed: what was learned; signed by who closed it |

Of the platform's alerts it holds the one that the incident is about; others name people of other projects.

The same topics up to the same checkpoints give the same bytes. Nothing in it holds a value, unless people write
one into `lessons.md`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from schemas.alerts import Alert
from schemas.audit import AuditEvent
from schemas.metrics import Metric
from schemas.records import ControlState
from streams.audit import tail
from streams.audit.incidents import Incident, timeline

FORMAT = "veilstream-incident/1"
AUDIT = "audit/"
INCIDENT, TIMELINE, CONTROL = "incident.json", "timeline.jsonl", "control.jsonl"
ALERTS, METRICS, STANDING, PLAYBOOK = "alerts.jsonl", "metrics.jsonl", "standing.json", "playbook.md"
MANIFEST, MANIFEST_SIGNATURE = "manifest.json", "manifest.sig"
LESSONS, CLOSING, CLOSING_SIGNATURE = "lessons.md", "closing.json", "closing.sig"
BESIDE = frozenset({MANIFEST, MANIFEST_SIGNATURE, LESSONS, CLOSING, CLOSING_SIGNATURE})
"""What the manifest doesn't name."""
_MESSAGE = b"veilstream/incident/v1\n"


@dataclass(frozen=True, slots=True)
class Ordered:
    """A record of `control` and where it stands; `refused`: why it counts for nothing, empty where it counts."""

    partition: int
    offset: int
    state: ControlState | None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into the files beside the audit. `events`: all that is in the export."""

    incident: Incident
    events: Sequence[AuditEvent]
    alerts: Sequence[Alert]
    metrics: Sequence[Metric]
    orders: Sequence[Ordered]
    standing: Mapping[str, object]
    playbook: str


def evidence(found: Gathered) -> Mapping[str, bytes]:
    """The files by name, but for the audit and the manifest."""
    since = found.incident.since
    told = (one for one in found.alerts if one.at >= since or one.alert_id == found.incident.alert)
    alerts = sorted(told, key=lambda it: (it.at, it.alert_id))
    metrics = sorted((one for one in found.metrics if one.until > since), key=lambda it: (it.until, it.key))
    return {
        INCIDENT: incident_file(found.incident),
        TIMELINE: timeline_file(found.events, since),
        ALERTS: _lines(asdict(one) for one in alerts),
        METRICS: _lines(asdict(one) for one in metrics),
        CONTROL: _lines(_order(one) for one in found.orders),
        STANDING: as_json(found.standing),
        PLAYBOOK: found.playbook.encode(),
    }


def incident_file(incident: Incident) -> bytes:
    """As it stood."""
    return as_json(asdict(incident))


def timeline_file(events: Iterable[AuditEvent], since: int) -> bytes:
    """What happened since, an event a line."""
    return _lines(tail.as_json(event) for event in timeline(events, since))


def manifest_file(incident: Incident, project: str, person: str, digests: Mapping[str, str]) -> bytes:
    """`digests`: the SHA-256 of every file, in hex, by name. `person`: who puts it aside, and signs this."""
    content = {
        "format": FORMAT,
        "incident": incident.incident_id,
        "project": project,
        "since": incident.since,
        "person": person,
        "files": dict(sorted(digests.items())),
    }
    return as_json(content)


def closing_file(incident_id: str, person: str, manifest: str, lessons: bytes, change: str) -> bytes:
    """What is signed on closing. `manifest`: its SHA-256 in hex."""
    content = {
        "format": FORMAT,
        "incident": incident_id,
        "person": person,
        "manifest": manifest,
        "lessons": digest(lessons),
        "change": change,
    }
    return as_json(content)


def message(data: bytes) -> bytes:
    """The bytes that a person signs for a manifest or a closing."""
    return _MESSAGE + hashlib.sha256(data).digest()


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def as_json(content: object) -> bytes:
    """In one form."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def _order(one: Ordered) -> Mapping[str, object]:
    """What counts for nothing may hold anything: only its place is told."""
    place: dict[str, object] = {"partition": one.partition, "offset": one.offset}
    if one.state is None or one.refused:
        return place | {"refused": one.refused}
    return place | {
        "key": one.state.key,
        "version": one.state.version,
        "kind": one.state.kind,
        "signer": one.state.signer,
        "signed_at": one.state.signed_at,
        "body_sha256": digest(one.state.body),
        "signature": one.state.signature.hex(),
    }


def _lines(contents: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(one, sort_keys=True, ensure_ascii=False).encode() + b"\n" for one in contents)
