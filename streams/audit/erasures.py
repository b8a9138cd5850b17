"""How erasures stand, from the audit alone: what keeper took out, and who has let go of it. Pure.

A process has let go of a task when it has said `control.applied` about keeper's own order. Every process of
redact, label, decide, join and opener that has started and not stopped is waited for: one that has crashed says so
after its next start, since it reads all of `control` before it works. Not every project has an opener; it is
waited for even when it has stopped, while the text lies in clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind, withdrawn_task
from schemas.erasure import erased_subject
from schemas.resources import Kind, task_ids
from streams.audit.texts_in_clear import TextsInClear
from topology.writers import is_by_its_writer

SUPPRESSING = ("redact",)
"""The roles that must know of the erasure itself."""
LETTING_GO = ("label", "decide", "join", "opener")
"""The roles that hold something of a task."""
_SOMETIMES = frozenset({"opener"})
"""Which of them not every project has."""
_CONTROL, _SEGMENT = f"{Kind.CONTROL}/", f"{Kind.SEGMENT}/"


@dataclass(frozen=True, slots=True)
class Taken:
    """A task that keeper ordered to be withdrawn, in milliseconds. `out`: since when it is out of Vault; 0: not
    yet.
    """

    task_id: str
    ordered: int
    segment_id: str = ""
    out: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """Who says that they have signed it, when, and why."""

    person: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """One subject's, by the hash. `erased`: when keeper said that it is over; 0: not yet, or more came up since.

    `waiting`: slots that have not let go, or don't suppress, and roles of which no process is known.
    """

    subject: str
    signed: tuple[Signed, ...]
    tasks: tuple[Taken, ...]
    erased: int
    unsettled: int
    waiting: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Out of Vault, and everybody has let go."""
        return self.erased > 0 and not self.waiting and all(task.out for task in self.tasks)


@dataclass(slots=True)
class _Subject:
    signed: dict[str, Signed] = field(default_factory=dict)
    tasks: dict[str, Taken] = field(default_factory=dict)
    erased: int = 0
    unsettled: int = 0
    heard: set[str] = field(default_factory=set)
    """The slots that have taken the erasure up."""


class Erasures:
    """Of one project, from its events in the order they stand on the audit."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._keeper = f"keeper.{project}"
        self._subjects: dict[str, _Subject] = {}
        self._of_task: dict[str, set[str]] = {}
        self._let_go: dict[str, set[str]] = {}
        """By task, the slots that have taken keeper's order up."""
        self._live: dict[str, bool] = {}
        """Every slot that ever started: whether it has not stopped since."""
        self._texts = TextsInClear(project)

    def add(self, event: AuditEvent) -> None:
        """Take one event in; what is not its writer's to say counts for nothing."""
        if not is_by_its_writer(event):
            return
        self._texts.add(event)
        match event.type:
            case EventType.PROCESS_STARTED | EventType.PROCESS_STOPPED:
                self._live[event.slot] = event.type is EventType.PROCESS_STARTED
            case EventType.CONTROL_APPLIED:
                self._applied(event)
            case EventType.ERASURE_ORDERED:
                subject = self._subject_in(event.resource)
                if subject is not None and event.resource.endswith(f"/{event.person}"):  # not who put others' back
                    self._of(subject).signed[event.person] = Signed(event.person, event.time, event.reason)
            case EventType.WITHDRAWAL_ORDERED if event.process == self._keeper:
                self._ordered(event)
            case EventType.TASK_WITHDRAWN if event.process == self._keeper:
                self._went_out(event)
            case EventType.SUBJECT_ERASED if event.process == self._keeper:
                if (subject := self._subject_in(event.resource)) is not None:
                    found = self._of(subject)
                    unsettled = event.details.get("unsettled", "0")
                    found.erased, found.unsettled = event.time, int(unsettled) if unsettled.isdecimal() else 0

    def find(self, subject: str) -> Erasure:
        """How that subject's erasure stands."""
        found = self._subjects.get(subject) or _Subject()
        tasks = tuple(sorted(found.tasks.values(), key=lambda one: (one.ordered, one.task_id)))
        again = max((task.ordered for task in tasks), default=0) > found.erased
        return Erasure(
            subject,
            tuple(sorted(found.signed.values(), key=lambda one: (one.at, one.person))),
            tasks,
            0 if again else found.erased,
            found.unsettled,
            tuple(self._waiting(found)),
        )

    def known(self) -> tuple[str, ...]:
        """The subjects of which the audit tells."""
        return tuple(sorted(self._subjects))

    def _applied(self, event: AuditEvent) -> None:
        key = event.details.get("key", "")
        if (subject := self._subject_in(event.resource)) is not None:
            self._of(subject).heard.add(event.slot)
        elif key.endswith(f"/{self._keeper}") and (task := withdrawn_task(key, self._project)):
            self._let_go.setdefault(task, set()).add(event.slot)

    def _ordered(self, event: AuditEvent) -> None:
        for parent in event.parents:
            subject = self._subject_in(parent)
            for task in task_ids(event) if subject is not None else ():
                self._of(subject or "").tasks.setdefault(task, Taken(task, event.time))
                self._of_task.setdefault(task, set()).add(subject or "")

    def _went_out(self, event: AuditEvent) -> None:
        segment = next((it.removeprefix(_SEGMENT) for it in event.parents if it.startswith(_SEGMENT)), "")
        for task in task_ids(event):
            for subject in self._of_task.get(task, ()):
                tasks = self._subjects[subject].tasks
                tasks[task] = Taken(task, tasks[task].ordered, segment, event.time)

    def _waiting(self, found: _Subject) -> Iterable[str]:
        yield from self._lacking(SUPPRESSING, found.heard)
        lacking: dict[str, None] = {}
        for task in found.tasks:
            lacking |= dict.fromkeys(self._lacking(LETTING_GO, self._let_go.get(task, set())))
            if task in self._texts:
                lacking[f"opener.{self._project}"] = None
        yield from sorted(lacking)

    def _lacking(self, roles: Iterable[str], heard: set[str]) -> Iterable[str]:
        """Live slots of these roles that have not heard; the role, where no slot of it was ever known."""
        for role in roles:
            mine = [slot for slot in sorted(self._live) if slot.startswith(f"{role}.{self._project}.")]
            yield from (slot for slot in mine if self._live[slot] and slot not in heard)
            if not mine and role not in _SOMETIMES:
                yield f"{role}.{self._project}"

    def _subject_in(self, resource: str) -> str | None:
        key = resource.removeprefix(_CONTROL)
        return erased_subject(key, self._project) if key.startswith(f"{ControlKind.ERASE}/") else None

    def _of(self, subject: str) -> _Subject:
        return self._subjects.setdefault(subject, _Subject())
