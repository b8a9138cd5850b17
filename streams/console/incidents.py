"""Incidents as the page has them: what was ordered in one, and which stages have said that they obey. Pure.

Who reads them from the audit is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from schemas.audit import ORDERS, EventType
from schemas.resources import control_resource
from streams.console.rows import Row
from streams.console.tracing import Traced

CONTROL = control_resource("")


class IncidentReading(Protocol):
    """Reads the audit of a project from its beginning. Blocks; any thread, one call at a time. Raises
    LogUnavailable, RegistryUnavailable.
    """

    def all(self, project: str) -> Traced:
        """Each incident of a project in a line, the latest first."""
        ...

    def one(self, project: str, incident_id: str, limit: int) -> Traced | None:
        """All of one, with the latest `limit` events of its timeline; None where nobody has opened it."""
        ...


def orders(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What was ordered, in the order of the rows, each with who has said after it that they obey.

    A stage says so once a record has changed what is in force: who obeyed another's order already, or whose order
    waits for a second signature, is obeyed by nobody.
    """
    found: list[dict[str, Any]] = []
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.type in ORDERS and (key := _key(row)):
            order = {"type": row.type, "key": key, "by": row.person or row.process, "at": row.time, "obeyed": []}
            found.append(order)
            latest[key] = order
        elif row.type == EventType.CONTROL_APPLIED and (obeyed := latest.get(row.details.get("key", ""))):
            obeyed["obeyed"].append({"by": row.process, "at": row.time})
    return found


def _key(row: Row) -> str:
    """Of the record on `control`; empty where it names none."""
    named = (it.removeprefix(CONTROL) for it in (row.resource, *row.parents) if it.startswith(CONTROL))
    return next(named, "")
