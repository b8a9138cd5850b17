"""The label stage as the loop sees it: tasks, orders, withdrawals and people's requests in; labels and audit out.

All requests of a batch share one transaction (group commit); each is answered after it. State is in
`label-state.P`: `task/<id>` is the sealed task, `work/<id>` what has happened to it, so that a heartbeat does not
write the content again; `comment/<id>` what redact has left of a comment; `session/<id>` a browser's session,
without its secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Codec
from schemas.control import WithdrawalReason, revoked_person, withdrawn_task
from schemas.errors import Reason, RecordError, Refused, Undecodable
from schemas.records import Find, Note, Task, WorkOrder
from schemas.states import CommentState, Onboarding, SessionState, TaskWork, WorkStatus
from streams.engine.clock import Clock
from streams.engine.log import Ownership
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Request, Slot
from streams.engine.refusals import refused
from streams.engine.state import KeyedState
from streams.engine.superseded import USUAL_MS, ExpectedTasks
from streams.label import events, paused
from streams.label.askers import People
from streams.label.commands import EndSession
from streams.label.comment_desk import CommentDesk
from streams.label.comments import Comments
from streams.label.desk import Desk, DeskSeams, Effects
from streams.label.find_sealing import Reported
from streams.label.metrics import TASKS
from streams.label.queue import EVERYBODY, Queue
from streams.label.settings import LabelSettings
from streams.label.sharing import Sharing
from streams.label.skills import Holders, Missing, missing
from streams.label.skills import notice as skills_notice
from streams.label.waiters import Waiters
from streams.web.denials import Denials
from topology.jobs import Job
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import LabelSchema
from topology.project import Project
from vault import comments as commenting

OWNERSHIP = Ownership.WHOLE
TRANSACTION_TIMEOUT_MS = 15_000
"""As other stages have it. Whoever takes over ends a killed owner's open transaction at once, by fencing, so
nobody waits for this; but an owner whose transaction lasts longer is fenced by the broker, and ends. With 2 s that
happened whenever one of three brokers died (it takes 5 to 9 s until others lead its partitions), and on a machine
that is very busy without.
"""


def inputs(project: str) -> tuple[str, ...]:
    """The topics to consume."""
    return (f"tasks.{project}", f"work.{project}", commenting.notes_of(project), paused.topic_of(project))


_TASK_ID = re.compile(rb"[0-9a-f]{32}")
"""As redact makes them."""
_CONTROL = "control"
"""Why a task was withdrawn: a signed order is in force."""
_SUPERSEDED = WithdrawalReason.SUPERSEDED.value
"""Or: its record was redacted again, whatever became of it."""


def _no_project() -> Project | None:
    """Of a stage that has no project file."""
    return None


def _open() -> str:
    """Of a stage that has no project file."""
    return ""


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs from the outside."""

    schema_of: Callable[[str], LabelSchema | None]
    """The label schema of a policy, by the policy's hash; None while that policy has not arrived here."""
    frozen_by: Callable[[], Sequence[str]]
    """Who has frozen label on `control`; nobody: new leases are given."""
    is_withdrawn: Callable[[str], bool]
    """Whether a withdrawal of this task id is in force on `control`."""
    evict: Callable[[Collection[str]], None]
    """Forget the keys of these tasks (`vault.segments.opening.ViewKeys.evict`)."""
    order_withdrawal: Callable[[str, str, int], Outgoing]
    """Task id, reason, time → the signed record for `control` (`WithdrawalOrders`). May raise VaultUnavailable."""
    seal_find: Callable[[Reported, int], Find | None]
    """What was reported, at a time → the record for `finds.P` (`FindSealer`). May raise VaultUnavailable."""
    people: People = EVERYBODY
    """What the project and `control` say of persons now, and of batches."""
    holders: Holders = lambda _: ()
    """What each annotator or adjudicator of the project can."""
    paused_by: Callable[[], str] = str
    """Who has paused the project on `control`; empty: nobody."""
    batches: Callable[[], frozenset[str]] = frozenset
    """The batches that the project's file names."""
    waiters: Waiters = field(default_factory=lambda: Waiters(0))
    """Calls that wait for a task."""
    project: Callable[[], Project | None] = _no_project
    """The project as it holds now; None: nobody may label."""
    late_ms: Callable[[], int] = lambda: USUAL_MS
    """How long after the task of a later revision that of the earlier may come (`superseded.latest`)."""
    hints_of: Callable[[str], Hints] = lambda _: NO_HINTS
    """What may be asked of placeholders under a policy, by the policy's hash."""
    closed: Callable[[], str] = _open
    """Why nobody may label at all, in words for the health; empty where somebody may."""


class LabelProcessor:
    """Implements `streams.engine.processor.Processor`."""

    def __init__(
        self,
        project: str,
        codec: Codec,
        clock: Clock,
        seams: Seams,
        settings: LabelSettings | None = None,
    ) -> None:
        self._project = project
        self._codec = codec
        self._clock = clock
        self._seams = seams
        self._settings = settings or LabelSettings()
        self._denials = Denials(self._settings.api.denials_per_minute)
        self._attempts = Denials(self._settings.api.attempts_per_minute)
        self._open_at: dict[str, int] = {}
        """When a task of each batch was open last, in milliseconds."""
        self._full = False
        self._start()

    def _start(self) -> None:
        topic = f"label-state.{self._project}"
        self._tasks = KeyedState(topic, Task, self._codec, "task/", Sharing())
        self._work = KeyedState(topic, TaskWork, self._codec, "work/")
        self._onboarding = KeyedState(topic, Onboarding, self._codec, "onboarding/")
        self._sessions = KeyedState(topic, SessionState, self._codec, "session/")
        self._paused = paused.PausedPeople(self._project, self._codec)
        self._adopted: tuple[Job | None, str] = (None, "")
        self._expected = ExpectedTasks(topic, self._codec)
        self._commented = KeyedState(topic, CommentState, self._codec, "comment/")

    def _open(self) -> None:
        seams, limits = self._seams, self._settings.results
        self._queue = Queue(self._tasks, self._work, self._settings.queue, seams.people)
        desk = DeskSeams(
            self._project,
            seams.schema_of,
            seams.frozen_by,
            seams.paused_by,
            seams.batches,
            self._paused.is_paused,
            seams.hints_of,
        )
        self._comments = Comments(self._commented, self._settings.comments)
        comments = CommentDesk(
            self._queue,
            self._tasks,
            self._comments,
            lambda: self._desk.gives,
            seams.people,
            self._paused.is_paused,
        )
        stores = self._queue, self._onboarding, self._sessions
        self._desk = Desk(*stores, comments, desk, self._denials, self._attempts, limits)
        self._full = False
        self._missing: list[Missing] = []
        self._looked_at = 0
        now = self._clock.now()
        self._open_at |= {task.batch: now for _, task in self._tasks.items()}
        worked_on = {session.batch for _, session in self._sessions.items()}
        self._open_at = dict.fromkeys(worked_on, now) | self._open_at  # since when it is empty nobody knows

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot a project
        """Rebuild the queue; let go of what was withdrawn while nobody was here."""
        self._start()
        for message in changelog:
            states = (
                self._tasks,
                self._work,
                self._onboarding,
                self._sessions,
                self._paused,
                self._expected,
                self._commented,
            )
            _ = any(state.apply(message) for state in states)
        self._expected.restored()
        self._open()
        gone = [task_id for task_id in self._queue.open_tasks() if self._seams.is_withdrawn(task_id)]
        return self._withdrawal_plan(gone)

    def process(self, batch: Batch) -> Plan:
        """Time first, then what arrived, then what people ask: a task that came with a request can be leased."""
        effects = Effects()
        self._adopt(effects)
        effects.events += [events.expired(lease) for lease in self._queue.expire(batch.now)]
        self._queue.purge(batch.now)
        self._expected.purge(batch.now)
        for message in batch.messages:
            self._take(message, batch.now, effects)
        answers = [(request, self._answer(request, batch.now, effects)) for request in batch.requests]
        self._look_for_skills(batch.now, effects)
        self._look_for_waiters(batch)
        self._open_at |= {name: batch.now for name in self._open_at if self._queue.batch_open(name)}
        self._full = not self._queue.wants_more(batch.now)
        plan = self._plan(effects, batch.now)
        plan.answers.extend(answers)
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Let go of withdrawn tasks and acknowledge each, also one that is not here: its key might have been.

        Leases of who is excluded or revoked end. Where nobody gets tasks for now, nobody waits for one.

        After a start `control` shows every withdrawal there is; those without a receipt are acknowledged again.
        """
        if not self._desk.gives:
            self._seams.waiters.end_all()
        for person in filter(None, (revoked_person(key, self._project) for key in changed)):
            self._seams.waiters.end(person)
        named = {task_id for key in changed if (task_id := withdrawn_task(key, self._project))}
        return self._withdrawal_plan(sorted(filter(self._seams.is_withdrawn, named)))

    def is_complete(self, batch: str) -> bool:
        """Whether there were tasks of a batch, and have been none for a while. Called from any thread."""
        open_at = self._open_at.get(batch)
        return open_at is not None and self._clock.now() - open_at >= self._settings.queue.complete_ms

    @property
    def held(self) -> frozenset[str]:
        """Topics that should not be delivered now: tasks while the window is full; orders never, they empty it."""
        return frozenset({f"tasks.{self._project}"} if self._full else ())

    def _answer(self, request: Request[Any], now: int, effects: Effects) -> object:
        try:
            return self._desk.handle(request.command, now, effects)
        except Refused as error:
            return error

    def _take(self, message: Message, now: int, effects: Effects) -> None:
        """One record of any topic; a bad one is refused and the rest goes on."""
        try:
            if message.topic == f"tasks.{self._project}":
                self._take_from_redact(message, now, effects)
            elif message.topic == paused.topic_of(self._project):
                self._paused.take(message)
            elif message.topic == commenting.notes_of(self._project):
                self._comments.note(self._codec.decode(message.value, Note))
            else:
                self._take_order(self._codec.decode(message.value, WorkOrder), now, effects)
        except RecordError as error:
            effects.events.append(refused(message, error.reason))

    def _take_from_redact(self, message: Message, now: int, effects: Effects) -> None:
        """A task; or a tombstone: the record of that task was redacted again and is no task any more."""
        if message.value is not None:
            self._take_task(self._codec.decode(message.value, Task), message.timestamp, now, effects)
            return
        key = message.key or b""
        if not _TASK_ID.fullmatch(key):
            raise Undecodable(Reason.UNDECODABLE, "the key of a tombstone is no task id")
        self._end_earlier(key.decode(), now, effects)

    def _take_task(self, task: Task, released_at: int, now: int, effects: Effects) -> None:
        if task.supersedes:
            self._end_earlier(task.supersedes, now, effects)
        expected = self._expected.came(task.task_id)
        if self._seams.is_withdrawn(task.task_id):
            effects.gone.append(task.task_id)
            effects.events.append(events.withdrawn(task.task_id, task, _CONTROL))
        elif expected:
            self._supersede(task.task_id, task, effects)
        else:
            self._queue.add(task, released_at)
            self._open_at[task.batch] = now

    def _end_earlier(self, task_id: str, now: int, effects: Effects) -> None:
        """What becomes of the earlier revision's task: what has ended stays as it is."""
        known = self._queue.status(task_id)
        if known is WorkStatus.OPEN:
            self._supersede(task_id, self._queue.end(task_id, WorkStatus.WITHDRAWN, now), effects)
        elif known is None and not self._seams.is_withdrawn(task_id):
            self._expected.expect(task_id, now + self._seams.late_ms())

    def _supersede(self, task_id: str, task: Task | None, effects: Effects) -> None:
        """Let go of an older revision's task, and order that everybody does."""
        effects.gone.append(task_id)
        effects.events.append(events.withdrawn(task_id, task, _SUPERSEDED))
        effects.reports.append((task_id, _SUPERSEDED))

    def _take_order(self, order: WorkOrder, now: int, effects: Effects) -> None:
        task = self._queue.apply(order, now)
        if task is not None:
            effects.events.append(events.closed(task, order.reason))

    def _withdrawal_plan(self, task_ids: Sequence[str]) -> Plan:
        """End these tasks, forget their keys, and only then acknowledge. Leases of who is excluded end too."""
        now, effects = self._clock.now(), Effects()
        effects.events += [events.revoked(lease) for lease in self._queue.exclude(now)]
        for task_id in task_ids:
            effects.gone.append(task_id)
            known = self._queue.status(task_id)
            task = self._queue.end(task_id, WorkStatus.WITHDRAWN, now)
            if known is not WorkStatus.WITHDRAWN:
                effects.events.append(events.withdrawn(task_id, task, _CONTROL))
        return self._plan(effects, now)

    def _look_for_skills(self, now: int, effects: Effects) -> None:
        """Say what nobody can, once, until somebody can; looked for once a second, since project files change."""
        if now - self._looked_at < self._settings.queue.skills_look_ms:
            return
        self._looked_at = now
        self._show(now)
        said = {(one.skills, one.adjudicate) for one in self._missing}
        self._missing = missing(self._queue.asked_for(), self._seams.holders)
        new = [one for one in self._missing if (one.skills, one.adjudicate) not in said]
        effects.events += [events.skills_missing(self._project, one) for one in new]

    def _show(self, now: int) -> None:
        counts = self._queue.counts(now)
        for state in ("available", "leased", "awaiting", "parked"):
            TASKS.labels(self._project, state).set(getattr(counts, state))

    def _look_for_waiters(self, batch: Batch) -> None:
        """Whose turn it is, after all that has happened in this round. Also once a second, since skills change."""
        waiters, second = self._seams.waiters, batch.now // self._settings.queue.skills_look_ms
        for request in batch.requests:
            if isinstance(request.command, EndSession):
                waiters.end(request.command.person)
        if self._desk.gives:
            waiters.look((self._queue.changes, second), self._queue.could_lease, self._queue.room)

    def _adopt(self, effects: Effects) -> None:
        """Said before the first view under a job or another state of the project's file, and after each start."""
        project = self._seams.project()
        if project is None or project.job is None or self._adopted == (project.job, project.hash):
            return
        self._adopted = (project.job, project.hash)
        effects.events.append(events.job_adopted(project.job, project))

    def _stands(self) -> bool:
        """A pause is no such thing: whoever has begun it means to end it."""
        return bool(self._seams.frozen_by() or self._seams.closed())

    def _notice(self) -> str:
        frozen, paused = " and ".join(self._seams.frozen_by()), self._seams.paused_by()
        said = (
            f"frozen by {frozen}: no new lease until two people sign `veil contain resume`" if frozen else "",
            f"paused by {paused}: no new lease until `veil label resume`" if paused else "",
            self._seams.closed(),
            skills_notice(self._missing),
        )
        return "; ".join(filter(None, said))

    def _plan(self, effects: Effects, now: int) -> Plan:
        finds = [find for it in effects.finds if (find := self._seams.seal_find(it, now)) is not None]
        self._comments.end(self._tasks.__contains__)
        if effects.gone:
            self._seams.evict(effects.gone)
        plan = Plan(events=effects.events, notice=self._notice(), stands=self._stands())
        for label in effects.labels:
            topic = f"labels.{self._project}"
            plan.outputs.append(Outgoing(topic, label.task_id.encode(), self._codec.encode(label)))
        for find in finds:
            topic = f"finds.{self._project}"
            plan.outputs.append(Outgoing(topic, find.find_id.encode(), self._codec.encode(find)))
        for comment in effects.comments:
            topic = commenting.topic_of(self._project)
            plan.outputs.append(Outgoing(topic, comment.task_id.encode(), self._codec.encode(comment)))
        plan.outputs += [self._seams.order_withdrawal(task_id, why, now) for task_id, why in effects.reports]
        plan.outputs += self._tasks.changes()
        plan.outputs += self._work.changes()
        plan.outputs += self._onboarding.changes()
        plan.outputs += self._sessions.changes()
        plan.outputs += self._paused.changes()
        plan.outputs += self._expected.changes()
        plan.outputs += self._commented.changes()
        return plan
