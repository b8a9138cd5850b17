"""Incidents for the console, read from a project's audit and the platform's under the console's own identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from deploy.surroundings import Surroundings
from schemas.audit import AuditEvent
from schemas.errors import ConfigError
from schemas.resources import control_resource, incident_resource
from streams.audit.incidents import TOLD, Incident, Said, incidents, is_change, timeline
from streams.audit.reader import Reader, read_events
from streams.console.incidents import orders
from streams.console.rows import row_of
from streams.console.tracing import Traced
from topology.identity import PLATFORM
from topology.playbook import load_playbook


class AuditIncidents:
    """Implements `streams.console.incidents.IncidentReading`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def all(self, project: str) -> Traced:
        """Each in a line, the latest first."""
        reading = Reader(self._around.codec)
        found = lines(self._told(reading, f"audit.{project}"))
        return Traced({"incidents": found, "findings": len(reading.findings)})

    def one(self, project: str, incident_id: str, limit: int) -> Traced | None:
        """All of one."""
        reading = Reader(self._around.codec)
        events, platform = (list(self._told(reading, f"audit.{place}")) for place in (project, PLATFORM))
        content = story(events, platform, project, incident_id, limit)
        if content is None:
            return None
        resources = (incident_resource(incident_id),)
        return Traced({**content, "findings": len(reading.findings)}, resources=resources)

    def _told(self, reading: Reader, topic: str) -> Iterator[AuditEvent]:
        """What an incident is made of; the rest is read past."""
        return (it for it in read_events(self._around.log, reading, [topic]) if it.type in TOLD)


def lines(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """The incidents that a project's audit tells of, each in a line, the latest first."""
    return [line(it) for it in reversed(incidents(events))]


def story(
    events: Sequence[AuditEvent], platform: Iterable[AuditEvent], project: str, incident_id: str, limit: int
) -> dict[str, Any] | None:
    """All of one until it was closed, by a project's audit and the platform's; None where nobody has opened it."""
    found = next((it for it in incidents(events) if it.incident_id == incident_id), None)
    if found is None:
        return None
    until = found.closed.by.at if found.closed else None
    told = (*events, *(it for it in platform if concerns(it, project)))
    happened = timeline((it for it in told if until is None or it.time <= until), found.since)
    rows = [row_of(number, f"audit.{project}", it) for number, it in enumerate(happened, 1)]
    ordered = orders(rows)
    return {
        **line(found),
        "plan": [{"text": text, "by": _said(found.steps.get(at))} for at, text in enumerate(_steps(found), 1)],
        "preserved": [{"manifest": _hex(it.manifest), **asdict(it.by)} for it in found.preserved],
        "orders": ordered[-limit:],
        "orders_left_out": max(0, len(ordered) - limit),
        "timeline": [replace(row, details={}, parents=()).as_json() for row in rows[-limit:]],
        "left_out": max(0, len(rows) - limit),
    }


def line(found: Incident) -> dict[str, Any]:
    """One in a line. What is no playbook of ours, no id and no change is left out: it could be anything."""
    steps = _steps(found)
    closed = found.closed
    return {
        "id": found.incident_id,
        "playbook": found.playbook if steps else "",
        "opened": asdict(found.opened),
        "since": found.since,
        "alert": _hex(found.alert),
        "steps": len(steps),
        "done": sum(number in found.steps for number in range(1, len(steps) + 1)),
        "evidence": len(found.preserved),
        "closed": {**asdict(closed.by), "change": closed.change if is_change(closed.change) else ""}
        if closed
        else None,
    }


def concerns(event: AuditEvent, project: str) -> bool:
    """Whether an event of the platform is about an order in this project."""
    orders_of = (it.removeprefix(_CONTROL).split("/") for it in (event.resource, *event.parents) if _is_order(it))
    return any(parts[1:2] == [project] for parts in orders_of)


_CONTROL = control_resource("")
_DIGITS = re.compile(r"[0-9a-f]{2,64}")


def _is_order(name: str) -> bool:
    return name.startswith(_CONTROL)


def _hex(text: str) -> str:
    return text if _DIGITS.fullmatch(text) else ""


def _steps(found: Incident) -> tuple[str, ...]:
    try:
        return load_playbook(found.playbook).steps
    except ConfigError:
        return ()


def _said(by: Said | None) -> dict[str, Any] | None:
    return asdict(by) if by else None
