"""Who saw what, when, why and under which rule: the events of the audit that give a person something to see.

One reading of the log. The latest `limit` accesses are kept whole, of all others numbers a day and person, and the
ids of the tasks that were seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from types import MappingProxyType

from schemas.audit import AuditEvent, EventType
from schemas.cloudevents import rfc3339
from schemas.resources import Kind, task_ids

FORMAT = "veilstream-access/1"
SEEING: Mapping[EventType, str] = MappingProxyType(
    {
        EventType.TASK_VIEWED: "view",
        EventType.HINT_SHOWN: "hint",
        EventType.COMMENTS_VIEWED: "comments",
        EventType.FIND_OPENED: "find",
        EventType.LABELS_EXPORTED: "export",
        EventType.JOINED_EXPORTED: "export",
        EventType.TEXTS_EXPORTED: "export",
        EventType.TEXTS_OPENED: "open",
        EventType.VALUE_REVEALED: "reveal",
        EventType.ACCESS_DENIED: "denied",
        EventType.SESSION_STARTED: "session",
        EventType.SESSION_ENDED: "session ended",
    }
)
"""What counts as an access. All of these are committed before the person gets what they asked for, or with it.
`open` is by nobody: the texts lie in clear on a topic from then on, and who reads them there isn't known.
"""


@dataclass(frozen=True, slots=True)
class Access:
    """One access. `what`: see `SEEING`. `resource`: the task where one alone is named, else what the event
    speaks of.

    `count`: refusals that were suppressed are counted with the one that was written.
    """

    at: int
    what: str
    person: str
    resource: str
    purpose: str
    rule: str
    bundle: str
    reason: str
    again: bool
    event: str
    count: int = 1

    def as_json(self) -> dict[str, object]:
        """Under the names of the fields, the time in RFC 3339; what is empty is left out."""
        plain: dict[str, object] = {
            "time": _when(self.at),
            "what": self.what,
            "person": self.person,
            "resource": self.resource,
            "purpose": self.purpose,
            "rule": self.rule,
            "bundle": self.bundle,
            "reason": self.reason,
            "again": self.again,
            "count": self.count,
            "event": self.event,
        }
        return {name: value for name, value in plain.items() if value}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of one person, in UTC: how many of each kind of access, of how many tasks."""

    day: str
    person: str
    counts: Mapping[str, int]
    tasks: int


@dataclass(frozen=True, slots=True)
class Accesses:
    """The answer. `latest`: the newest accesses, oldest first; `left_out`: how many are in `days` only."""

    counts: Mapping[str, int]
    persons: int
    tasks: int
    days: tuple[Day, ...]
    latest: tuple[Access, ...]
    left_out: int

    def as_json(self) -> dict[str, object]:
        """The form that the room's README documents."""
        return {
            "format": FORMAT,
            "counts": dict(self.counts),
            "persons": self.persons,
            "tasks": self.tasks,
            "days": [
                {"day": it.day, "person": it.person, "tasks": it.tasks, "counts": dict(it.counts)}
                for it in self.days
            ],
            "latest": [it.as_json() for it in self.latest],
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """Which accesses: of a person, of tasks or a resource; from `since` until before `until`, in milliseconds."""

    person: str = ""
    tasks: frozenset[str] = field(default_factory=frozenset)
    resource: str = ""
    since: int | None = None
    until: int | None = None

    def wants(self, event: AuditEvent) -> bool:
        """Whether the event is such an access."""
        if event.type not in SEEING or not _gave_something(event) or (self.person and event.person != self.person):
            return False
        if (self.since is not None and event.time < self.since) or (
            self.until is not None and event.time >= self.until
        ):
            return False
        return not (self.tasks or self.resource) or self._is_of_it(event)

    def _is_of_it(self, event: AuditEvent) -> bool:
        if self.tasks and not self.tasks.isdisjoint(task_ids(event)):
            return True
        return bool(self.resource) and self.resource in (event.resource, *event.parents)


def accesses(events: Iterable[AuditEvent], asked: Asked, limit: int) -> Accesses:
    """All accesses that are asked for: counted by day and person, the latest `limit` told one by one."""
    counts: Counter[str] = Counter()
    days: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    latest: list[tuple[int, str, int, Access]] = []  # numbered: a forged record can have another's id and time
    total = 0
    for event in filter(asked.wants, events):
        access, day = access_of(event), (_when(event.time)[:10], event.person)
        counts[access.what] += access.count
        days[day][access.what] += access.count
        if event.type is EventType.TASK_VIEWED:
            seen[day].update(task_ids(event))
        total += 1
        item = (access.at, access.event, total, access)
        (heappush if len(latest) < limit else heappushpop)(latest, item)
    return Accesses(
        counts=dict(counts),
        persons=len({person for _, person in days} - {""}),
        tasks=len(set().union(*seen.values())),
        days=tuple(Day(*day, dict(it), len(seen[day])) for day, it in sorted(days.items())),
        latest=tuple(access for *_, access in sorted(latest)),
        left_out=total - len(latest),
    )


def access_of(event: AuditEvent) -> Access:
    """An event of `SEEING` as an access."""
    tasks = task_ids(event)
    suppressed = event.details.get("suppressed", "")
    return Access(
        at=event.time,
        what=SEEING[event.type],
        person=event.person,
        resource=f"{Kind.TASK}/{tasks[0]}" if len(tasks) == 1 else event.resource,
        purpose=event.details.get("purpose") or event.purpose,
        rule=event.details.get("rule", ""),
        bundle=event.bundle,
        reason=event.reason,
        again=event.details.get("again") == "true",
        event=event.event_id,
        count=1 + (int(suppressed) if suppressed.isdecimal() else 0),
    )


def _gave_something(event: AuditEvent) -> bool:
    """A text that could not be opened lies nowhere."""
    return event.type is not EventType.TEXTS_OPENED or event.outcome == "success"


def _when(at: int) -> str:
    try:
        return rfc3339(at)
    except OverflowError:
        return f"{at} ms"
