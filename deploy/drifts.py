"""Whose answers have changed, as decide has told the audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.compliance import audit_topic, compliance
from schemas.audit import AuditEvent, EventType
from schemas.resources import parse
from streams.audit.reader import Reader, read_events


@dataclass(frozen=True, slots=True)
class Drift:
    """One `reviewer.drifted`. Times in milliseconds; `usual` and `level` are in the signal's unit."""

    time: int
    person: str
    signal: str
    usual: str
    level: str
    answers: str
    since: int

    def as_json(self) -> dict[str, object]:
        """As `veil label drift --json` prints it."""
        return asdict(self)


def drifts(root: Path, project: str, person: str | None = None) -> list[Drift]:
    """Of a project, the latest last; of one person where given. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        topic = audit_topic(seen.topology.project(project).name)
        events = read_events(seen.log, Reader(seen.codec), [topic])
        found = [drift_of(event) for event in events if event.type is EventType.REVIEWER_DRIFTED]
    return sorted((it for it in found if person in (None, it.person)), key=lambda it: (it.time, it.person))


def drift_of(event: AuditEvent) -> Drift:
    """What a `reviewer.drifted` says."""
    said = event.details
    since = int(said["since"])
    who = parse(event.resource).id
    return Drift(event.time, who, said["signal"], said["usual"], said["level"], said["answers"], since)
