"""What people do about an incident: open it, tick off its playbook, close it. The audit keeps all of it.

Evidence is put aside by `deploy.preserving`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy.acting import act
from deploy.compliance import Compliance, audit_topic, compliance
from deploy.persons import acting, load_declared, require_role
from schemas.alerts import Alert, whom_of
from schemas.audit import AuditEvent, Event, EventType
from schemas.errors import ConfigError
from schemas.resources import alert_resource, incident_resource
from streams.audit.evidence import (
    CLOSING,
    CLOSING_SIGNATURE,
    LESSONS,
    MANIFEST,
    closing_file,
    digest,
    message,
)
from streams.audit.incidents import Incident, incidents, is_change, timeline
from streams.audit.reader import Reader, read_events
from streams.audit.store import Directory
from topology.control import ControlBook
from topology.identity import PERSON, PLATFORM
from topology.playbook import Playbook, load_playbook

WORKERS = ("operator", "approver")
"""Who may: those who may stop a project."""
LOOK_BACK_MS = 3_600_000
"""From when on an incident without an alert is looked into, unless it is said: an hour before it is opened."""
MAX_LESSONS_BYTES = 64 * 1024
_LEAST_PREFIX = 8


@dataclass(frozen=True, slots=True)
class Story:
    """An incident, its playbook, and what happened since."""

    incident: Incident
    playbook: Playbook
    timeline: tuple[AuditEvent, ...]


def all_incidents(root: Path, project: str) -> tuple[Incident, ...]:
    """Of a project, the latest last. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        return incidents(events_of(seen, project))


def story(root: Path, project: str, incident_id: str) -> Story:
    """One of them. Raises ConfigError for one that nobody has opened."""
    with compliance(root) as seen:
        events = events_of(seen, project)
    found = known(incidents(events), incident_id)
    return Story(found, load_playbook(found.playbook), timeline(events, found.since))


def open_incident(
    root: Path, project: str, person: str, *, alert: str = "", playbook: str = "", since: int = 0
) -> str:
    """Open one, about an alert (eight digits of its id are enough) or by a playbook. Its id.

    `since` in milliseconds: 0 for the alert's own beginning, or an hour ago. Raises ConfigError.
    """
    declared = load_declared(root)
    require_role(declared, project, person, WORKERS, "open incidents")
    with compliance(root) as seen:
        about = alert_of(seen, project, alert) if alert else None
    name = playbook or (about.details.get("playbook", "") if about else "")
    plan = load_playbook(name)
    with acting(root, declared, project, person) as around:
        now = around.clock.now()
        incident_id = f"{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
        begin = since or (about.since if about else now - LOOK_BACK_MS)
        event = Event(
            EventType.INCIDENT_OPENED,
            incident_resource(incident_id),
            person=person,
            parents=(alert_resource(about.alert_id),) if about else (),
            details={"playbook": plan.name, "since": str(begin)},
        )
        act(around, [], [event])
    return incident_id


def tick_off(root: Path, project: str, person: str, incident_id: str, step: int) -> Story:
    """Say that a step of the playbook is done. Raises ConfigError for a step that there is not, or one done."""
    found = _open(root, project, person, incident_id)
    if not 1 <= step <= len(found.playbook.steps):
        raise ConfigError(f"the playbook {found.playbook.name} has steps 1 to {len(found.playbook.steps)}")
    if (by := found.incident.steps.get(step)) is not None:
        raise ConfigError(f"{by.person} has done step {step} already")
    _say(root, project, person, incident_id, EventType.INCIDENT_STEPPED, {"step": str(step)})
    return story(root, project, incident_id)


def close_incident(
    root: Path, project: str, person: str, incident_id: str, *, folder: Path, lessons: bytes, change: str
) -> Incident:
    """Close it: what was learned goes, signed, to the evidence in `folder`, its SHA-256 on the audit.

    `change`: a commit, a policy version, or the key of an order. Raises ConfigError where that is none, where
    there are no lessons, or where `folder` is not evidence that was put aside for this incident.
    """
    found = _open(root, project, person, incident_id).incident
    if not lessons.strip() or len(lessons) > MAX_LESSONS_BYTES:
        raise ConfigError(f"lessons are a text of 1 to {MAX_LESSONS_BYTES:,} bytes")
    store = Directory(folder)
    manifest = digest(store.get(MANIFEST) or b"")
    if manifest not in {one.manifest for one in found.preserved}:
        raise ConfigError(
            f"{folder} is not what was put aside for {incident_id}; `veil incident preserve` does it"
        )
    _check_change(root, project, change)
    declared = load_declared(root)
    with acting(root, declared, project, person) as around:
        closing = closing_file(incident_id, person, manifest, lessons, change)
        store.put(LESSONS, lessons)
        store.put(CLOSING_SIGNATURE, around.sign(message(closing)).hex().encode() + b"\n")
        store.put(CLOSING, closing)
        details = {"lessons": digest(lessons), "change": change}
        event = Event(EventType.INCIDENT_CLOSED, incident_resource(incident_id), person=person, details=details)
        act(around, [], [event])
    return story(root, project, incident_id).incident


def events_of(seen: Compliance, project: str) -> list[AuditEvent]:
    """All of a project's audit."""
    topic = audit_topic(seen.topology.project(project).name)
    return list(read_events(seen.log, Reader(seen.codec), [topic]))


def known(those: Sequence[Incident], incident_id: str) -> Incident:
    """The one of this id. Raises ConfigError."""
    for one in those:
        if one.incident_id == incident_id:
            return one
    there = ", ".join(one.incident_id for one in those) or "none"
    raise ConfigError(f"nobody has opened an incident {incident_id}; there are: {there}")


def _open(root: Path, project: str, person: str, incident_id: str) -> Story:
    require_role(load_declared(root), project, person, WORKERS, "work on incidents")
    found = story(root, project, incident_id)
    if found.incident.closed is not None:
        raise ConfigError(f"{found.incident.closed.by.person} has closed {incident_id} already")
    return found


def _say(
    root: Path, project: str, person: str, incident_id: str, kind: EventType, details: dict[str, str]
) -> None:
    event = Event(kind, incident_resource(incident_id), person=person, details=details)
    with acting(root, load_declared(root), project, person) as around:
        act(around, [], [event])


def alert_of(seen: Compliance, project: str, prefix: str) -> Alert:
    """The alert of a project, or of the platform, whose id begins so. Raises ConfigError where not just one has,
    or it is about somebody whom only other projects name: that is no business of this one.
    """
    found: dict[str, Alert] = {}
    for place in (project, PLATFORM):
        for alert in seen.readable(f"alerts.{place}", Alert):
            if len(prefix) >= _LEAST_PREFIX and alert.alert_id.startswith(prefix):
                found[alert.alert_id] = alert
    if len(found) != 1:
        how_many = "no alert has" if not found else f"{len(found)} alerts have"
        raise ConfigError(f"{how_many} an id that begins so; `veil audit alerts` shows those there are")
    (alert,) = found.values()
    if others := _only_of(seen, project, alert):
        raise ConfigError(f"this alert is about nobody of {project}; it is of {', '.join(others)}")
    return alert


def _only_of(seen: Compliance, project: str, alert: Alert) -> list[str]:
    """The projects that name whom an alert is about, where this one doesn't."""
    role, _, name = alert.details.get("identity", "").partition(".")
    whom = whom_of(alert) or (name if role == PERSON else "")
    named = sorted(it for it, one in seen.topology.projects.items() if whom in one.persons.everybody)
    return [] if project in named else named


def _check_change(root: Path, project: str, change: str) -> None:
    if not is_change(change):
        raise ConfigError("a change is a commit, a policy version (demo@3) or an order's key (minimum/demo/3/ada)")
    with compliance(root) as seen:
        book = seen.book()
    if "/" in change:
        there = change.split("/")[1] == project and book.next_version(change) > 1
    elif "@" in change:
        there = int(change.rpartition("@")[2]) in _versions(book, project)
    else:
        there = True  # where commits are, nobody here knows
    if not there:
        raise ConfigError(f"nobody has signed {change} in {project}")


def _versions(book: ControlBook, project: str) -> set[int]:
    return {one.record.version for one in book.policy_history(project) if one.fully_signed}
