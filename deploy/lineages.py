"""Lineage and access of a running project, read from its audit as compliance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from deploy.compliance import Compliance, audit_topic, compliance
from schemas.audit import AuditEvent
from schemas.errors import ConfigError
from streams.audit.access import Accesses, Asked, accesses
from streams.audit.lineage.asked import meant
from streams.audit.lineage.graph import Lineage
from streams.audit.lineage.tracing import trace
from streams.audit.reader import Reader, read_events

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """An answer from the audit, and how many of its records could not be read or disagree with their headers."""

    answer: T
    findings: int


class _Audit:
    """Readings of a project's audit, from its beginning to its end as it is then."""

    def __init__(self, seen: Compliance, project: str) -> None:
        self._seen = seen
        self._topic = audit_topic(seen.topology.project(project).name)
        self.reader = Reader(seen.codec)

    def events(self) -> Iterator[AuditEvent]:
        self.reader = Reader(self._seen.codec)
        return read_events(self._seen.log, self.reader, [self._topic])


def lineage(root: Path, project: str, text: str, limit: int) -> Told[Lineage | None]:
    """The lineage of what `text` names; None where nothing of it is known.

    Raises ConfigError, LogUnavailable, RegistryUnavailable.
    """
    with compliance(root) as seen:
        audit = _Audit(seen, project)
        return Told(trace(audit.events, project, text, limit), len(audit.reader.findings))


def accessed(root: Path, project: str, asked: Asked, of: str, limit: int) -> Told[Accesses | None]:
    """Who saw what; `of`: only of this resource, as `meant` reads it, None where it occurs nowhere.

    Raises ConfigError, LogUnavailable, RegistryUnavailable.
    """
    with compliance(root) as seen:
        audit = _Audit(seen, project)
        if of:
            reading = meant(of, audit.events())
            if reading is None:
                return Told(None, len(audit.reader.findings))
            if reading.kind in ("person", "policy", "policy-name", "control"):
                raise ConfigError(f"{of} is a {reading.kind}; --of takes what people see: a task, a raw reference")
            asked = replace(asked, tasks=frozenset(reading.tasks), resource=str(reading))
        return Told(accesses(audit.events(), asked, limit), len(audit.reader.findings))
