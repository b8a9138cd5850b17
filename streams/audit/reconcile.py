"""Proves from the audit alone that each raw record became exactly one thing, and its task exactly one label.

What is proven (DESIGN invariant 2), over all events of one project:
- the batches of redact cover each raw partition from its first offset seen, without gap or overlap, and give each
  offset one outcome; each revision has one;
- each task comes from one record; nobody speaks of a task that comes from none;
- a label is by a person who viewed the task before, one a person and task, not more than overlap and extras;
- at most one verdict a task, resting on labels that were submitted; at most one joined label, after a verdict,
  to the record the task comes from; of gold, scores in its place, never both; no view after the withdrawal;
- each text in clear on `open.P` was announced before it was opened, lies there once, and goes with its mapping;
- each kind of event is written by the role it belongs to, and what is a person's to order by that person.

Events may come in any order between slots. What is still under way (open tasks, verdicts not yet joined) is
counted, not blamed; so is what is older than the audit that is there (`beginnings`), and what is recent and rests
on an event that may be on its way (`recent`). Whether the events are genuine is for `chain`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from sys import intern

from schemas import resources
from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.details import number
from schemas.errors import Unparseable
from schemas.records import RawReference
from schemas.resources import Kind
from streams.audit.coverage import Coverage, Partition, Told, origins
from streams.audit.findings import Finding, FindingKind
from streams.audit.life import Life, Place, earlier, problems
from streams.audit.opened_texts import OpenedTexts
from streams.audit.recent import NOTHING, Recent
from streams.audit.untouched import Untouched
from topology.writers import WRITERS, is_by_its_writer

OVERLAP = "overlap"
"""Detail of `batch.redacted`: how many labels its tasks get without extras (one policy a batch, so one number)."""
GRANTED = "granted"
"""Detail of `work.ordered`: the extras granted to the task so far."""
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result. Counts are of raw revisions, tasks and events; `open_tasks` and `unjoined` are under way.

    `released`: records that came back from quarantine, each as its next revision; `returning` are on their way.
    `opened`: texts that lie in clear on `open.P`. `expired`: tasks that are older than the audit that is there: of
    them only what it says is checked, not what is missing. `awaited`: what will be a finding unless events come
    that were on their way.
    """

    project: str
    records: int
    tasks: int
    quarantined: int
    dropped: int
    empty: int
    views: int
    labels: int
    skipped: int
    reported: int
    verdicts: int
    joined: int
    gold: int
    withdrawn: int
    refused: int
    denied: int
    released: int
    returning: int
    open_tasks: int
    opened: int
    unjoined: int
    unlimited: int
    expired: int
    events: int
    covered: Mapping[Partition, tuple[int, int]]
    findings: tuple[Finding, ...]
    awaited: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


class Reconciler:
    """Takes events one by one; the memory it needs is that of `coverage`, `life` and `untouched`."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._coverage = Coverage()
        self._lives: dict[str, Life] = {}
        self._untouched = Untouched()
        self._events: Counter[EventType] = Counter()
        self._findings: list[Finding] = []
        self._released: set[RawReference] = set()
        self._opened = OpenedTexts(project)
        self._takers: dict[EventType, Callable[[AuditEvent], None]] = {
            EventType.BATCH_REDACTED: self._redacted,
            EventType.RELEASE_COPIED: self._copied,
            EventType.TASK_VIEWED: self._viewed,
            EventType.LABEL_SUBMITTED: self._submitted,
            EventType.WORK_ORDERED: self._ordered,
            EventType.VERDICT_REACHED: self._reached,
            EventType.LABEL_JOINED: self._joined,
            EventType.GOLD_SCORED: self._scored,
            EventType.TASK_CLOSED: self._closed,
            EventType.TASK_WITHDRAWN: self._withdrawn,
            EventType.RECORD_REFUSED: self._refused,
            EventType.RECORD_LOST: self._lost,
        }

    def add(self, event: AuditEvent) -> None:
        """Take the next event."""
        self._events[event.type] += 1
        role = WRITERS.get(event.type)
        if role is not None and event.process != f"{role}.{self.project}":
            text = f"a {event.type} is for {role}.{self.project} to write"
            self._find(FindingKind.WRONG_WRITER, event, text)
        elif not is_by_its_writer(event):
            self._find(
                FindingKind.WRONG_WRITER, event, f"a {event.type} is for the person to write who ordered it"
            )
        self._opened.add(event)
        taker = self._takers.get(event.type)
        if taker is not None:
            taker(event)

    def result(
        self,
        ends: Mapping[Partition, int] | None = None,
        now: int = 0,
        since: int = 0,
        recent: Recent = NOTHING,
    ) -> Reconciliation:
        """What all events together say. `ends`: how far each raw partition must be covered, where known; `now`: of
        who asks, in milliseconds, 0 for the time of the latest event; `since`: from when on every event is there
        (`Beginnings`); `recent`: when what may be on its way was written.
        """
        findings, awaited = [*self._findings, *self._opened.findings(now, since)], list[Finding]()
        for finding, told in (*self._coverage.end(ends, since), *self._problems(since)):
            (awaited if told is not None and told in recent else findings).append(finding)
        return self._summary(tuple(findings), tuple(awaited), since)

    def _problems(self, since: int) -> Iterator[Told]:
        for task_id, life in sorted(self._lives.items()):
            where = resources.task_resource(task_id)
            yield from ((Finding(kind, where, text), told) for kind, text, told in problems(life, since))

    def _redacted(self, event: AuditEvent) -> None:
        batch = event.batch
        if batch is None or batch.topic != f"raw.{self.project}":
            self._find(FindingKind.BATCH, event, f"it names no batch of raw.{self.project}")
            return
        self._findings += self._coverage.add(event.event_id, batch, event.time)
        overlap = number(event, OVERLAP, _DIGITS)
        for task_id, raw in origins(batch):
            if task_id in self._lives or not self._untouched.add(task_id, raw, overlap, event.time):
                self._life(task_id).come(raw, overlap, event.time)

    def _copied(self, event: AuditEvent) -> None:
        """A record was taken from quarantine, to come back as its next revision: each revision once."""
        raw = _raw(event)
        if raw is None or raw in self._released:
            self._find(FindingKind.REVISION, event, f"{event.resource} was released from quarantine before")
            return
        self._released.add(raw)

    def _viewed(self, event: AuditEvent) -> None:
        for life in self._named(event):
            life.view(intern(event.person), _place(event))

    def _submitted(self, event: AuditEvent) -> None:
        label_id = event.resource.partition("/")[2]
        for life in self._named(event):
            life.submit(label_id, intern(event.person), _place(event))

    def _ordered(self, event: AuditEvent) -> None:
        for life in self._named(event):
            life.granted = max(life.granted, number(event, GRANTED, _DIGITS) or 0)

    def _reached(self, event: AuditEvent) -> None:
        prefix = f"{Kind.LABEL}/"
        for life in self._named(event):
            life.verdicts += 1
            life.decided = earlier(life.decided, event.time)
            life.cited = tuple(it.removeprefix(prefix) for it in event.parents if it.startswith(prefix))

    def _joined(self, event: AuditEvent) -> None:
        for life in self._named(event):
            life.joined += (_raw(event),)
            life.ended = earlier(life.ended, event.time)

    def _scored(self, event: AuditEvent) -> None:
        for life in self._named(event):
            life.scored += (_raw(event),)
            life.ended = earlier(life.ended, event.time)

    def _closed(self, event: AuditEvent) -> None:
        for life in self._named(event):
            life.closed = True

    def _withdrawn(self, event: AuditEvent) -> None:
        for task_id in resources.task_ids(event):  # an order may name a task that never was
            self._life(task_id).withdraw(_place(event))

    def _refused(self, event: AuditEvent) -> None:
        if event.process == f"join.{self.project}":  # another stage refuses a label or an order, not the verdict
            for task_id in resources.task_ids(event):
                self._life(task_id).refused = True

    def _lost(self, event: AuditEvent) -> None:
        self._find(FindingKind.LOST, event, f"{event.process} found {event.resource} gone before it was read")

    def _named(self, event: AuditEvent) -> list[Life]:
        """The task the event speaks of: exactly one, which must have an origin."""
        ids = resources.task_ids(event)
        if len(ids) != 1:
            self._find(FindingKind.NO_TASK, event, f"a {event.type} names {len(ids)} tasks instead of one")
            return []
        life = self._life(ids[0])
        life.name(event.event_id, event.time)
        return [life]

    def _life(self, task_id: str) -> Life:
        if task_id not in self._lives:
            self._lives[task_id] = self._untouched.take(task_id)
        return self._lives[task_id]

    def _find(self, kind: FindingKind, event: AuditEvent, text: str) -> None:
        self._findings.append(Finding(kind, event.event_id, text))

    def _summary(self, findings: tuple[Finding, ...], awaited: tuple[Finding, ...], since: int) -> Reconciliation:
        known = [life for life in self._lives.values() if life.known]
        whole = [life for life in known if life.whole(since)]
        older = sum((life.known or bool(life.named_by)) and not life.whole(since) for life in self._lives.values())
        waiting = self._untouched.count(since)
        outcomes = self._coverage.counts
        back = sum(self._coverage.has(replace(raw, revision=raw.revision + 1)) for raw in self._released)
        return Reconciliation(
            project=self.project,
            records=outcomes.total() - outcomes[RawOutcome.EMPTY],
            tasks=outcomes[RawOutcome.TASK],
            quarantined=outcomes[RawOutcome.QUARANTINED],
            dropped=outcomes[RawOutcome.DROPPED],
            empty=outcomes[RawOutcome.EMPTY],
            views=self._events[EventType.TASK_VIEWED],
            labels=self._events[EventType.LABEL_SUBMITTED],
            skipped=self._events[EventType.TASK_SKIPPED],
            reported=self._events[EventType.TASK_REPORTED],
            verdicts=self._events[EventType.VERDICT_REACHED],
            joined=self._events[EventType.LABEL_JOINED],
            gold=self._events[EventType.GOLD_SCORED],
            withdrawn=sum(bool(life.withdrawn) for life in known),
            refused=self._events[EventType.RECORD_REFUSED],
            denied=self._events[EventType.ACCESS_DENIED],
            released=back,
            returning=len(self._released) - back,
            open_tasks=sum(life.open for life in whole) + waiting,
            opened=self._opened.lying,
            unjoined=sum(life.unjoined for life in whole),
            unlimited=sum(life.overlap is None for life in whole) + self._untouched.unlimited(since),
            expired=older + len(self._untouched) - waiting,
            events=self._events.total(),
            covered=self._coverage.ranges(),
            findings=findings,
            awaited=awaited,
        )


def reconcile(
    events: Iterable[AuditEvent], project: str, ends: Mapping[Partition, int] | None = None
) -> Reconciliation:
    """The reconciliation of a project's whole log."""
    reconciler = Reconciler(project)
    for event in events:
        reconciler.add(event)
    return reconciler.result(ends)


def _place(event: AuditEvent) -> Place:
    return Place(intern(event.slot), event.sequence, event.time)


def _raw(event: AuditEvent) -> RawReference | None:
    for text in (event.resource, *event.parents):
        try:
            return resources.raw_reference(text)
        except Unparseable:
            continue
    return None
