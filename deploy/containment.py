"""How a project's containment stands: what is frozen, who is revoked, and which alerts are contained by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.compliance import audit_topic, compliance
from deploy.freezing import Frozen, frozen
from deploy.persons import missing_roles
from deploy.reredacting import Progress, progress
from deploy.revoking import REINSTATERS
from schemas.audit import AuditEvent, EventType
from schemas.resources import parse
from streams.audit.reader import Reader, read_events
from topology.writers import is_by_its_writer


@dataclass(slots=True)
class Case:
    """An alert that contain has looked at. Times in milliseconds; `reached`: 0 until every stage that must has
    obeyed; `held`: what was not ordered, and why.
    """

    alert: str
    rule: str
    begun: int = 0
    reached: int = 0
    orders: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """`contained` when all have obeyed, `waiting` until then, `held` where nothing was ordered."""
        if not self.begun:
            return "held"
        return "contained" if self.reached else "waiting"

    def as_json(self) -> dict[str, object]:
        """As `veil contain status --json` prints it."""
        return asdict(self) | {"state": self.state}


@dataclass(frozen=True, slots=True)
class Revoked:
    """By whom somebody is revoked, who has signed that it is over, and who has yet to."""

    by: tuple[str, ...]
    signed_by: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Containment:
    """All of a project."""

    frozen: Mapping[str, Frozen]
    revoked: Mapping[str, Revoked]
    cases: tuple[Case, ...]
    again: tuple[Progress, ...] = ()
    """Orders to redact again."""


def containment(root: Path, project: str) -> Containment:
    """As `control` and the audit have it now. Raises ConfigError, LogUnavailable."""
    with compliance(root) as seen:
        book, persons = seen.book(), seen.topology.project(project).persons
        found = book.revocations(project)
        revoked = {}
        for who in sorted(found.held):
            signed_by = tuple(sorted(found.signers(who)))
            revoked[who] = Revoked(
                tuple(found.by(who)), signed_by, missing_roles(persons, signed_by, REINSTATERS, without=who)
            )
        events = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
        again = progress(book, project, persons, events)
        return Containment(frozen(book, project, persons), revoked, cases(events), again)


def cases(events: Iterable[AuditEvent]) -> tuple[Case, ...]:
    """What contain says of alerts on the audit, the latest last; others may say that one is contained, too."""
    found: dict[str, Case] = {}
    for event in sorted(events, key=lambda one: one.time):
        if event.type not in _TAKEN or not is_by_its_writer(event):
            continue
        name = parse(event.resource).id
        case = found.setdefault(name, Case(name, event.details.get("rule", "")))
        match event.type:
            case EventType.CONTAINMENT_BEGUN:
                case.begun = event.time
                case.orders = [one for one in event.parents if one.startswith("control/")]
            case EventType.CONTAINMENT_REACHED:
                case.reached = event.time
            case _:
                case.held[event.details.get("action", "")] = event.reason
    return tuple(found.values())


_TAKEN = frozenset({EventType.CONTAINMENT_BEGUN, EventType.CONTAINMENT_REACHED, EventType.CONTAINMENT_HELD})
