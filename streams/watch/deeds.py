"""What persons and apps did, step by step, kept as long as the longest rule looks back. Pure.

A deed is counted for its person and, where the task was viewed with an annotator app, for the app as well. Who
wrote an order that counts for nothing, or has a process's login, is not known: that is the record's, or the
slot's. So is what becomes of records that nobody reads in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.audit import AuditEvent, EventType
from schemas.errors import Reason
from schemas.resources import app_resource, person_resource, task_ids
from streams.watch.said import counts, number

EVIDENCE = 5
"""Event ids kept of each kind of deed in a step."""
_APP = "app "


class Deed(StrEnum):
    """What is counted."""

    VIEW = "view"
    LABEL = "label"
    SKIP = "skip"
    RELEASE = "release"
    REPORT = "report"
    DENIAL = "denial"
    COPY = "copy"
    QUESTION = "question"
    """What is held of somebody, asked by who may."""
    HINT = "hint"
    FORGERY = "forgery"
    """An order on `control` that is not signed, or not by somebody who may."""
    REFUSAL = "refusal"
    """One that counts for nothing for another reason: an old one again, a tombstone, nonsense."""
    THEFT = "theft"
    """What a process was handed to log in with was used up before it came to it."""
    LOSS = "loss"
    """Records that were gone before a stage read them."""
    LAG = "lag"
    """A stage so far behind that records will soon be."""
    KEPT = "kept"
    """Places that hold something for longer than they may, or are not set as ordered."""


_OF = {
    EventType.TASK_VIEWED: Deed.VIEW,
    EventType.LABEL_SUBMITTED: Deed.LABEL,
    EventType.TASK_SKIPPED: Deed.SKIP,
    EventType.TASK_RELEASED: Deed.RELEASE,
    EventType.TASK_REPORTED: Deed.REPORT,
    EventType.ACCESS_DENIED: Deed.DENIAL,
    EventType.CONSOLE_DENIED: Deed.DENIAL,
    EventType.COPY_ATTEMPTED: Deed.COPY,
    EventType.SUBJECT_REPORTED: Deed.QUESTION,
    EventType.HINT_SHOWN: Deed.HINT,
    EventType.CONTROL_REFUSED: Deed.REFUSAL,
    EventType.LOGIN_STOLEN: Deed.THEFT,
    EventType.RECORD_LOST: Deed.LOSS,
    EventType.READING_LATE: Deed.LAG,
    EventType.RETENTION_CHECKED: Deed.KEPT,
}
_NOBODYS = frozenset(
    {
        EventType.CONTROL_REFUSED,
        EventType.LOGIN_STOLEN,
        EventType.RECORD_LOST,
        EventType.READING_LATE,
        EventType.RETENTION_CHECKED,
    }
)
"""What is nobody's deed that is known; it is about the place, process or project that the event names."""
_DURING = frozenset({Deed.VIEW, Deed.HINT})
"""What doesn't end a lease."""
_FORGED = frozenset(
    {Reason.UNSIGNED, Reason.BAD_SIGNATURE, Reason.UNKNOWN_SIGNER, Reason.SIGNER_NOT_ALLOWED},
)


@dataclass(slots=True)
class Deeds:
    """Of one subject in one step, or in several: how often, on what, by which events; `firsts`: when the first of
    them happened, by its process's own clock.
    """

    times: dict[str, int] = field(default_factory=dict)
    things: dict[str, set[str]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)

    def take(self, deed: Deed, thing: str, times: int, event: AuditEvent) -> None:
        """Count one event in."""
        self.times[deed] = self.times.get(deed, 0) + times
        self.things.setdefault(deed, set()).add(thing)
        events = self.events.setdefault(deed, [])
        if len(events) < EVIDENCE:
            events.append(event.event_id)
        self.firsts[deed] = min(event.time, self.firsts.get(deed, event.time))

    def add(self, other: Deeds) -> None:
        """Count another's in."""
        for deed, times in other.times.items():
            self.times[deed] = self.times.get(deed, 0) + times
            self.things.setdefault(deed, set()).update(other.things[deed])
            self.events.setdefault(deed, []).extend(other.events[deed])
            self.firsts[deed] = min(other.firsts[deed], self.firsts.get(deed, other.firsts[deed]))

    def count(self, *deeds: Deed) -> int:
        """How often."""
        return sum(self.times.get(deed, 0) for deed in deeds)

    def distinct(self, *deeds: Deed) -> set[str]:
        """On which things."""
        return set().union(*(self.things.get(deed, set()) for deed in deeds))

    def by(self, *deeds: Deed) -> list[str]:
        """Event ids, in order."""
        return [it for deed in deeds for it in self.events.get(deed, [])]


def subjects_of(event: AuditEvent, app: str) -> Iterator[str]:
    """Whose deed it is."""
    if event.type in _NOBODYS:
        yield event.resource
    if event.person:
        yield person_resource(event.person)
    if app:
        yield app_resource(app)


@dataclass(slots=True)
class Diary:
    """By step and subject, what they did. `apps`: with which app, and in which step, a lease was opened last."""

    steps: dict[int, dict[str, Deeds]] = field(default_factory=dict)
    apps: dict[str, tuple[str, int]] = field(default_factory=dict)

    def take(self, step: int, events: Iterable[AuditEvent]) -> list[str]:
        """Write down the deeds of a step; the subjects that did something, sorted."""
        page: dict[str, Deeds] = {}
        for event in events:
            deed = _deed(event)
            if deed is not None and counts(event):
                for subject in subjects_of(event, self._app(event, deed, step)):
                    self._write(page.setdefault(subject, Deeds()), deed, event)
        if page:
            self.steps[step] = page
        return sorted(page)

    def of(self, subject: str, first: int, last: int) -> Deeds:
        """All that a subject did from step `first` to `last`."""
        found = Deeds()
        for step in range(first, last + 1):
            deeds = self.steps.get(step, {}).get(subject)
            if deeds is not None:
                found.add(deeds)
        return found

    def forget(self, before: int) -> None:
        """Drop the steps before this one."""
        for step in [it for it in self.steps if it < before]:
            del self.steps[step]
        for lease in [it for it, (_, step) in self.apps.items() if step < before]:
            del self.apps[lease]

    def _write(self, deeds: Deeds, deed: Deed, event: AuditEvent) -> None:
        things = (event.resource,) if deed is Deed.DENIAL else task_ids(event)
        deeds.take(deed, next(iter(things), event.resource), _times(deed, event), event)

    def _app(self, event: AuditEvent, deed: Deed, step: int) -> str:
        """A view or hint says its client; what ends the lease is by the same. Only our page tells of copies."""
        if deed is Deed.COPY:
            return ""
        lease = next((it for it in event.parents if it.startswith("lease/")), "")
        client = event.details.get("client", "")
        if deed in _DURING and client.startswith(_APP):
            self.apps[lease] = client.removeprefix(_APP), step
        found, _ = self.apps.get(lease, ("", step)) if deed in _DURING else self.apps.pop(lease, ("", step))
        return found


def _deed(event: AuditEvent) -> Deed | None:
    deed = _OF.get(event.type)
    return Deed.FORGERY if deed is Deed.REFUSAL and event.reason in _FORGED else deed


def _times(deed: Deed, event: AuditEvent) -> int:
    """An event may stand for several: those it was written for, and those that were only counted."""
    if deed is Deed.COPY:
        return max(1, number(event, "times"))
    if deed is Deed.HINT:
        return int(event.details.get("again") != "true")  # what somebody was told already tells them no more
    if deed is Deed.KEPT:
        return number(event, "overdue") + number(event, "unlike")  # who reads late is told by keeper
    return 1 + (number(event, "suppressed") if deed is Deed.DENIAL else 0)
