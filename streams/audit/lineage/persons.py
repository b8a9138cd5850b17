"""A person's lineage: what they did, day by day, what they ordered, and what was said of them.

Days hold counts: a person may have a hundred thousand views. `veil audit access` lists these. Memory: a number for
each task and day, and what is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from schemas.audit import AuditEvent, EventType
from schemas.cloudevents import rfc3339
from schemas.resources import person_resource, task_ids
from streams.audit.lineage.graph import Relation, Sketch, when

_DAILY: Mapping[EventType, str] = {
    EventType.TASK_VIEWED: "views",
    EventType.LABEL_SUBMITTED: "labels",
    EventType.TASK_SKIPPED: "skips",
    EventType.TASK_RELEASED: "releases",
    EventType.TASK_REPORTED: "reports",
    EventType.HINT_SHOWN: "hints",
    EventType.COMMENT_WRITTEN: "comments",
    EventType.COMMENTS_VIEWED: "comments viewed",
    EventType.COPY_ATTEMPTED: "copy attempts",
    EventType.LEASE_RENEWED: "heartbeats",
    EventType.LEASE_EXPIRED: "expired leases",
    EventType.LEASE_REVOKED: "revoked leases",
    EventType.ACCESS_DENIED: "denied",
    EventType.SESSION_STARTED: "sessions",
    EventType.SESSION_ENDED: "sessions ended",
    EventType.FIND_OPENED: "finds opened",
}
"""What is counted by day; all else is told one by one."""
_OF_OTHERS = ("excluded", "readmitted", "revoked", "reinstated")
"""Details that name whom an order is about."""


class PersonFacts:
    """Takes every event of a project; draws what concerns one person. Of days the latest are shown."""

    def __init__(self, sketch: Sketch, person: str) -> None:
        self._sketch = sketch
        self._person = person
        self._node = sketch.note(person_resource(person))
        self._days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._spans: dict[str, tuple[AuditEvent, AuditEvent]] = {}
        self._tasks: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        ours = event.person == self._person
        if ours and event.type in _DAILY:
            self._daily(event)
        elif ours and event.resource != self._node and event.type not in _ABOUT:
            self._told(event, Relation.DID)
        elif ours or event.resource == self._node or self._person in _whom(event):
            self._told(event, Relation.CONCERNED)

    def end(self) -> None:
        """No more events follow: draw the days."""
        for day in sorted(self._days, reverse=True):
            node = f"day/{self._person}/{day}"
            if not self._sketch.room(node):
                continue
            first, last = self._spans[day]
            tasks = str(len(self._tasks[day])) if self._tasks[day] else ""
            counts = {name: str(count) for name, count in self._days[day].items()}
            self._sketch.born(node, first, tasks=tasks, **counts, until=when(last.time))
            self._sketch.link(self._node, Relation.DID, node)

    def _daily(self, event: AuditEvent) -> None:
        day = _day(event.time)
        self._days[day][_DAILY[event.type]] += 1
        if event.type is EventType.TASK_VIEWED:
            self._tasks[day].update(hash(it) for it in task_ids(event))
        first, last = self._spans.get(day, (event, event))
        self._spans[day] = min(first, event, key=_time), max(last, event, key=_time)

    def _told(self, event: AuditEvent, relation: Relation) -> None:
        node = f"event/{event.event_id}"
        if self._sketch.room(node):
            shown = {name: event.details.get(name, "") for name in ("policy", "version", "format", "verdicts")}
            self._sketch.born(node, event, type=event.type, resource=event.resource, reason=event.reason, **shown)
            self._sketch.link(self._node, relation, node)


_ABOUT = frozenset({EventType.PERSON_ONBOARDED, EventType.PERSON_PAUSED, EventType.PERSON_RESUMED})
"""Said of the person in `person` by a stage."""


def _whom(event: AuditEvent) -> tuple[str, ...]:
    return tuple(event.details.get(name, "") for name in _OF_OTHERS)


def _time(event: AuditEvent) -> int:
    return event.time


def _day(at: int) -> str:
    try:
        return rfc3339(at)[:10]
    except OverflowError:
        return "beyond the year 9999"
