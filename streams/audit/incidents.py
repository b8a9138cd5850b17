"""Incidents, as the audit tells them: opened, worked on by a playbook, evidence put aside, closed. Pure.

An incident is its events and nothing beside them. Each is by a person, in a chain that a key certified by that
person's key in Vault has signed, so what a person says of an incident is signed as their orders are. What another
process says of one counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from schemas.audit import ORDERS, AuditEvent, EventType
from schemas.details import number
from schemas.resources import alert_resource, incident_resource
from topology.writers import is_by_its_writer

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_POLICY = re.compile(r"[a-z][a-z0-9-]{0,39}@[1-9][0-9]{0,6}")
_ORDER = re.compile(r"[a-z]{1,20}(/[a-z0-9][a-z0-9.-]{0,99}){2,3}")
_TIME_DIGITS = 16
_OURS, _ALERT = incident_resource(""), alert_resource("")


@dataclass(frozen=True, slots=True)
class Said:
    """Who did something, and when (milliseconds)."""

    person: str
    at: int


@dataclass(frozen=True, slots=True)
class Preserved:
    """Evidence that was put aside: the SHA-256 of its manifest in hex."""

    manifest: str
    by: Said


@dataclass(frozen=True, slots=True)
class Closed:
    """How it ended. `lessons`: the SHA-256 of a text, in hex, since that may quote content; `change`: what was
    changed (`is_change`).
    """

    by: Said
    lessons: str
    change: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One. `since`: from when on it is looked into, in milliseconds; `alert`: empty where there was none; `steps`:
    those of the playbook that are done, by number.
    """

    incident_id: str
    opened: Said
    playbook: str
    since: int
    alert: str = ""
    steps: Mapping[int, Said] = field(default_factory=dict)
    preserved: tuple[Preserved, ...] = ()
    closed: Closed | None = None


def incidents(events: Iterable[AuditEvent]) -> tuple[Incident, ...]:
    """All that these events tell, in any order; the latest opened last."""
    found: dict[str, Incident] = {}
    for event in sorted(filter(_tells, events), key=lambda one: (one.time, one.event_id)):
        incident_id = event.resource.removeprefix(_OURS)
        if event.type is EventType.INCIDENT_OPENED:
            found.setdefault(incident_id, _opened(incident_id, event))
        elif (known := found.get(incident_id)) is not None and known.closed is None:
            found[incident_id] = _after(known, event)
    return tuple(found.values())


def timeline(events: Iterable[AuditEvent], since: int) -> tuple[AuditEvent, ...]:
    """What was found, ordered and obeyed from then on, in the order of time."""
    told = (event for event in events if event.type in TOLD and event.time >= since)
    return tuple(sorted(told, key=lambda one: (one.time, one.event_id)))


def is_change(text: str) -> bool:
    """Whether it names what was changed: a commit, a policy version (`demo@3`), an order (`minimum/demo/3/ada`).
    Nothing else: free text could quote content.
    """
    return any(form.fullmatch(text) for form in (_COMMIT, _POLICY, _ORDER))


def _tells(event: AuditEvent) -> bool:
    return event.type in OF_INCIDENTS and event.resource.startswith(_OURS) and is_by_its_writer(event)


def _opened(incident_id: str, event: AuditEvent) -> Incident:
    alert = next((it.removeprefix(_ALERT) for it in event.parents if it.startswith(_ALERT)), "")
    since = number(event, "since", _TIME_DIGITS) or event.time
    return Incident(incident_id, _by(event), event.details.get("playbook", ""), since, alert)


def _after(known: Incident, event: AuditEvent) -> Incident:
    details = event.details
    match event.type:
        case EventType.INCIDENT_STEPPED if step := number(event, "step"):
            return replace(known, steps={step: _by(event), **known.steps})
        case EventType.INCIDENT_PRESERVED:
            kept = Preserved(details.get("manifest", ""), _by(event))
            return replace(known, preserved=(*known.preserved, kept))
        case EventType.INCIDENT_CLOSED:
            return replace(known, closed=Closed(_by(event), details.get("lessons", ""), details.get("change", "")))
    return known


def _by(event: AuditEvent) -> Said:
    return Said(event.person, event.time)


OF_INCIDENTS = frozenset(
    {
        EventType.INCIDENT_OPENED,
        EventType.INCIDENT_STEPPED,
        EventType.INCIDENT_PRESERVED,
        EventType.INCIDENT_CLOSED,
    }
)
TOLD = (
    OF_INCIDENTS
    | ORDERS
    | {
        EventType.PROCESS_STARTED,
        EventType.PROCESS_STOPPED,
        EventType.CONTROL_APPLIED,
        EventType.CONTROL_REFUSED,
        EventType.BUNDLE_ADOPTED,
        EventType.TASK_REPORTED,
        EventType.TASK_WITHDRAWN,
        EventType.FIND_OPENED,
        EventType.LEASE_REVOKED,
        EventType.SESSION_ENDED,
        EventType.CONTAINMENT_BEGUN,
        EventType.CONTAINMENT_REACHED,
        EventType.CONTAINMENT_HELD,
        EventType.SEGMENT_DESTROYED,
        EventType.REREDACTION_BEGUN,
        EventType.REREDACTION_MISSED,
        EventType.REREDACTION_ENDED,
        EventType.RELEASE_COPIED,
        EventType.RELEASE_MISSED,
    }
)
"""What a timeline is made of. Everything else is in the audit beside it."""
