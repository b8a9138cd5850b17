"""Lineage and access for the console, read from a project's audit under the console's own identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.surroundings import Surroundings
from schemas.audit import AuditEvent
from schemas.resources import person_resource
from streams.audit.access import Asked, accesses
from streams.audit.lineage.branches import Branch, tree
from streams.audit.lineage.graph import Lineage
from streams.audit.lineage.svg import svg
from streams.audit.lineage.tracing import trace
from streams.audit.lineage.words import INTO, moment, phrases, summary, title
from streams.audit.printable import printable
from streams.audit.reader import Reader, read_events
from streams.console.tracing import Traced

MAX_SHOWN = 20
"""Resources that the event of a look names."""


class AuditTracing:
    """Implements `streams.console.tracing.Tracing`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def trace(self, project: str, text: str, limit: int) -> Traced | None:
        """The lineage of what `text` names."""
        reading = _Reading(self._around, project)
        found = trace(reading.events, project, text, limit)
        if found is None:
            return None
        content = {
            "asked": printable(found.asked),
            "summary": summary(found),
            "branches": [_branch(it) for it in tree(found)],
            "findings": reading.findings,
        }
        return Traced(content, svg(found), _resources(found))

    def access(self, project: str, person: str, limit: int) -> Traced | None:
        """What a person has seen."""
        reading = _Reading(self._around, project)
        found = accesses(reading.events(), Asked(person), limit)
        if not found.counts:
            return None
        return Traced({**found.as_json(), "findings": reading.findings}, resources=(person_resource(person),))


class _Reading:
    """Readings of one audit, each from its beginning to its end as it is then."""

    def __init__(self, around: Surroundings, project: str) -> None:
        self._around = around
        self._topic = f"audit.{project}"
        self._reader = Reader(around.codec)

    @property
    def findings(self) -> int:
        """How many records of the last reading can't be read, or disagree with their headers."""
        return len(self._reader.findings)

    def events(self) -> Iterator[AuditEvent]:
        self._reader = Reader(self._around.codec)
        return read_events(self._around.log, self._reader, [self._topic])


def _resources(found: Lineage) -> tuple[str, ...]:
    """What was asked for, by names that stand in the log."""
    return tuple(found.subjects)[:MAX_SHOWN]


def _branch(branch: Branch) -> Mapping[str, Any]:
    node = branch.node
    upward = INTO[branch.relation] if branch.upward and branch.relation is not None else ""
    return {
        "id": node.id,
        "kind": node.kind,
        "title": printable(title(node)),
        "upward": upward,
        "asked": branch.asked,
        "moment": moment(node),
        "said": [printable(it) for it in phrases(node)],
        "branches": [_branch(it) for it in branch.branches],
    }
