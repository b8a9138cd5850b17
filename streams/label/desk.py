"""Carries out what people ask of the queue, and collects what has to be committed before they are answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from schemas.audit import Event
from schemas.errors import Reason, Refused
from schemas.records import Comment, Label, LabelOutcome, LabelSpan, Task
from schemas.states import LeaseEnding, Onboarding, SessionState, WorkStatus
from streams.label import events
from streams.label.askers import nobody
from streams.label.commands import (
    OTHER_BATCH,
    SESSION_ENDED,
    AskHint,
    AskOnboarding,
    Attempt,
    CountBatches,
    CountTasks,
    Deny,
    Ended,
    EndSession,
    Heartbeat,
    Held,
    Hinted,
    Leased,
    LeaseTask,
    ListSessions,
    ListThreads,
    Practise,
    ReadComments,
    Release,
    Report,
    Result,
    Skip,
    StartSession,
    Submit,
    Terms,
    Unopenable,
    WriteComment,
)
from streams.label.comment_desk import CommentDesk
from streams.label.find_sealing import Reported
from streams.label.hints import DENIED, kind_of
from streams.label.onboarding import Progress, answered, progress
from streams.label.queue import Digests, Queue, Store
from streams.label.results import check_result, check_spans
from streams.label.settings import ResultLimits
from streams.web.denials import Denials
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import LabelSchema

NO_RESULT = Result((), {})
_OUTCOMES = {
    LeaseEnding.LABEL: LabelOutcome.LABEL,
    LeaseEnding.SKIP: LabelOutcome.SKIP,
    LeaseEnding.REPORT: LabelOutcome.REPORT,
}


@dataclass(slots=True)
class Effects:
    """What one batch of requests leads to, beside the queue's own state."""

    events: list[Event] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    reports: list[tuple[str, str]] = field(default_factory=list)
    """Task id and reason of each report, and of each task that was superseded: withdrawals to order."""
    finds: list[Reported] = field(default_factory=list)
    """What reports have marked, to be kept for those who write policies."""
    comments: list[Comment] = field(default_factory=list)
    """What was typed, sealed for redact."""
    gone: list[str] = field(default_factory=list)
    """Tasks whose keys are to be forgotten."""


@dataclass(frozen=True, slots=True)
class DeskSeams:
    """What decides with the queue who gets what now."""

    project: str
    schema_of: Callable[[str], LabelSchema | None]
    """The label schema of a policy, by its hash."""
    frozen_by: Callable[[], Sequence[str]] = tuple
    """Who has stopped label (containment)."""
    paused_by: Callable[[], str] = str
    """Who has paused the project; empty: nobody."""
    batches: Callable[[], frozenset[str]] = frozenset
    """The batches that the project's file names."""
    is_paused: Callable[[str], bool] = nobody
    """Whether a person gets no task for their answers on gold."""
    hints_of: Callable[[str], Hints] = lambda _: NO_HINTS
    """What may be asked of placeholders under a policy, by its hash."""


class Desk:
    """One call a command. Raises Refused; then nothing has changed but, perhaps, an `access.denied` event."""

    def __init__(
        self,
        queue: Queue,
        onboarding: Store[Onboarding],
        sessions: Store[SessionState],
        comments: CommentDesk,
        seams: DeskSeams,
        denials: Denials,
        attempts: Denials,
        limits: ResultLimits,
    ) -> None:
        self._queue = queue
        self._onboarding = onboarding
        self._sessions = sessions
        self._comments = comments
        self._seams = seams
        self._denials = denials
        self._attempts = attempts
        self._limits = limits

    def handle(self, command: object, now: int, effects: Effects) -> object:
        """The answer to a command of `streams.label.commands`."""
        try:
            return self._handle(command, now, effects)
        except Refused as error:
            if error.reason is Reason.NOT_PERMITTED or (isinstance(command, AskHint) and error.reason in DENIED):
                self._deny(command, error.reason, now, effects)
            raise

    def _handle(self, command: object, now: int, effects: Effects) -> object:  # noqa: PLR0911 - one a command
        """What people do with leases."""
        match command:
            case LeaseTask(person, terms):
                return self._lease(person, terms, now, effects)
            case Heartbeat():
                return self._heartbeat(command, now, effects)
            case Submit():
                return self._and_next(self._submit(command, now, effects), command.then, now, effects)
            case Skip(held, reason):
                ended = self._end(held, LeaseEnding.SKIP, reason, now, effects)
                return self._and_next(ended, command.then, now, effects)
            case Release(held, reason):
                return self._end(held, LeaseEnding.RELEASE, reason, now, effects)
            case Report():
                return self._and_next(self._report(command, now, effects), command.then, now, effects)
            case AskHint():
                return self._hint(command, now, effects)
        return self._tell(command, now, effects)

    def _tell(self, command: object, now: int, effects: Effects) -> object:
        """How things stand, and what people practise."""
        match command:
            case CountTasks():
                return replace(self._queue.counts(now), paused=bool(self._seams.paused_by()))
            case CountBatches():
                return self._queue.batches(now)
            case AskOnboarding(person, wanted):
                return progress(self._onboarding, person, wanted)
            case Practise():
                return self._practise(command, now, effects)
            case ListSessions():
                return dict(self._sessions.items())
        return self._comment(command, now, effects)

    def _comment(self, command: object, now: int, effects: Effects) -> object:
        """What people write to each other about tasks."""
        match command:
            case ReadComments():
                found, seen = self._comments.read(command, now)
                effects.events += seen
                return found
            case WriteComment():
                state, records, written = self._comments.write(command, now)
                effects.comments += records
                effects.events += written
                return state
            case ListThreads():
                return self._comments.threads(command)
        self._note(command, now, effects)
        return None

    def _note(self, command: object, now: int, effects: Effects) -> None:
        """What the API has found out, and what has to be known of it."""
        match command:
            case Unopenable(held, cause):
                self._unopenable(held, cause, now, effects)
            case Attempt():
                self._attempt(command, now, effects)
            case Deny():
                effects.events.append(events.denied(command))
            case StartSession():
                self._start_session(command, effects)
            case EndSession():
                self._end_session(command, now, effects)
            case _:
                raise Refused(Reason.BAD_REQUEST, f"no such command: {type(command).__name__}")

    @property
    def gives(self) -> bool:
        """Whether anybody gets a new lease now: nobody has frozen or paused the project."""
        return not self._seams.frozen_by() and not self._seams.paused_by()

    def _lease(self, person: str, terms: Terms, now: int, effects: Effects) -> Leased | None:
        if terms.batch and terms.batch not in self._seams.batches() and not self._queue.batch_open(terms.batch):
            raise Refused(Reason.UNKNOWN_BATCH, "the project has no such batch")
        paused = self._seams.is_paused(person)
        new = self.gives and not paused
        another = self._holds_another(person, terms.batch)
        if another and new:  # else they may finish it: it is not taken from them for nothing
            self._let_go(person, now, effects)
        leased = self._queue.lease(person, now, terms, new=new) if new or not another else None
        if leased is None and paused:
            raise Refused(
                Reason.PERSON_PAUSED, "you get no new task for now; an operator of the project can say more"
            )
        if leased is not None:
            effects.events.append(events.viewed(leased, terms.grant))
        return leased

    def _holds_another(self, person: str, batch: str) -> bool:
        """Who asks for a batch, or is bound to one, is shown no task of another, the one in hand included."""
        return bool(batch) and self._queue.batch_held(person) not in (None, batch)

    def _let_go(self, person: str, now: int, effects: Effects) -> None:
        ended = self._queue.give_back(person, now, OTHER_BATCH, now)
        if ended is not None:
            _record(ended, NO_RESULT, effects)

    def _and_next(self, ended: Ended, then: Terms | None, now: int, effects: Effects) -> Ended:
        """With the next task, if it was asked for. The answer stands, whatever comes of that."""
        if then is None:
            return ended
        try:
            return replace(ended, next=self._lease(ended.person, then, now, effects))
        except Refused:
            return ended

    def _practise(self, command: Practise, now: int, effects: Effects) -> Progress:
        person, wanted = command.person, command.wanted
        if not command.right:
            return progress(self._onboarding, person, wanted)
        made = answered(self._onboarding, person, command.task, wanted, now)
        if made.newly:
            effects.events.append(events.onboarded(person, self._seams.project, len(made.passed)))
        return made

    def _heartbeat(self, command: Heartbeat, now: int, effects: Effects) -> Leased:
        leased = self._queue.heartbeat(command.held, now, page=command.page)
        effects.events.append(events.renewed(leased))
        return leased

    def _hint(self, command: AskHint, now: int, effects: Effects) -> Hinted:
        """Who asks is told nothing here: the hint is opened once this is on the audit."""
        task = self._queue.task_held(command.held, now)
        hints = self._seams.hints_of(task.policy)
        kind = kind_of(command.placeholder, task, hints)
        if command.by_token and not hints.apps:
            raise Refused(Reason.NOT_PERMITTED, "the policy of this task tells hints on the page alone")
        if not self.gives:
            raise Refused(Reason.HINTS_STOPPED, "the project is stopped or paused; there are no hints for now")
        if self._seams.is_paused(command.held.person):
            raise Refused(
                Reason.PERSON_PAUSED, "you get no hints for now; an operator of the project can say more"
            )
        leased, again, asked = self._queue.ask_hint(command.held, command.placeholder, hints, now)
        hinted = Hinted(leased, command.placeholder, kind.value, again, asked, hints.per_task)
        effects.events.append(events.hint_shown(hinted, command.grant))
        return hinted

    def _attempt(self, command: Attempt, now: int, effects: Effects) -> None:
        task = self._queue.task_held(command.held, now)
        suppressed = self._attempts.admit(command.held.person, now)
        if suppressed is not None:
            effects.events.append(events.attempted(command, task, suppressed))

    def _submit(self, command: Submit, now: int, effects: Effects) -> Ended:
        digests = Digests(command.key_digest, command.body_digest)

        def check(task: Task) -> None:
            schema = self._seams.schema_of(task.policy)
            if schema is None:
                raise Refused(Reason.NO_POLICY, "the policy of this task has not arrived yet")
            check_result(command.result, task.fields, schema, self._limits)

        ended = self._queue.finish(command.held, LeaseEnding.LABEL, now, digests=digests, check=check)
        return _record(ended, command.result, effects)

    def _end(self, held: Held, ending: LeaseEnding, reason: str, now: int, effects: Effects) -> Ended:
        ended = self._queue.finish(held, ending, now, reason=str(reason))
        return _record(ended, NO_RESULT, effects)

    def _report(self, command: Report, now: int, effects: Effects) -> Ended:
        def check(task: Task) -> None:
            check_spans(command.spans, task.fields, self._limits)

        reason, digests = command.reason.value, Digests(body=_digest(command.spans))
        ended = self._queue.finish(
            command.held, LeaseEnding.REPORT, now, reason=reason, digests=digests, check=check
        )
        if not ended.replayed and ended.task is not None:
            effects.finds.append(Reported(ended.lease_id, ended.task, ended.reason, command.spans))
            effects.reports.append((ended.task_id, ended.reason))
            effects.gone.append(ended.task_id)
        marks = tuple(LabelSpan(span.field, span.start, span.end, ended.reason) for span in command.spans)
        return _record(ended, Result(marks, {}), effects)

    def _unopenable(self, held: Held, reason: Reason, now: int, effects: Effects) -> None:
        """Nobody will ever see it: end the task, so that it isn't handed to one person after the other."""
        ended = self._queue.finish(held, LeaseEnding.RELEASE, now, reason=reason.value)
        task = self._queue.end(ended.task_id, WorkStatus.WITHDRAWN, now)
        if task is None:
            return
        effects.gone.append(task.task_id)
        effects.events.append(events.unopenable(held, task, reason))
        effects.events.append(events.withdrawn(task.task_id, task, reason))

    def _start_session(self, command: StartSession, effects: Effects) -> None:
        """Kept as long as it lasts: whoever takes over goes on with it."""
        kept = SessionState(
            command.person,
            command.purpose,
            command.batch,
            command.started_at,
            command.expires_at,
            command.devices,
        )
        self._sessions.put(command.session_id, kept)
        effects.events.append(events.session_started(command))

    def _end_session(self, command: EndSession, now: int, effects: Effects) -> None:
        """The task first: whatever a session led to lies between its two events."""
        if command.releases:
            ended = self._queue.give_back(command.person, command.ended_at, SESSION_ENDED, now)
            if ended is not None:
                _record(ended, NO_RESULT, effects)
        self._sessions.remove(command.session_id)
        effects.events.append(events.session_ended(command))

    def _deny(self, command: object, reason: Reason, now: int, effects: Effects) -> None:
        held = getattr(command, "held", None)
        if isinstance(held, Held):
            suppressed = self._denials.admit(held.person, now)
            if suppressed is not None:
                effects.events.append(events.denied_lease(held, reason, suppressed))


def _digest(marks: Iterable[LabelSpan]) -> bytes:
    """The same for the same marks, in whatever order."""
    return hashlib.sha256(json.dumps(sorted((it.field, it.start, it.end) for it in marks)).encode()).digest()


def _record(ended: Ended, result: Result, effects: Effects) -> Ended:
    """Note the event and, unless the lease was only released, the Label; nothing for a replay."""
    task = ended.task
    if ended.replayed or task is None:
        return ended
    effects.events.append(events.finished(ended, task))
    outcome = _OUTCOMES.get(ended.ending)
    if outcome is not None:
        effects.labels.append(_label(ended, task, outcome, result))
    return ended


def _label(ended: Ended, task: Task, outcome: LabelOutcome, result: Result) -> Label:
    return Label(
        label_id=ended.lease_id,
        task_id=task.task_id,
        revision=task.revision,
        bundle=task.bundle,
        policy=task.policy,
        segment_id=task.segment_id,
        overlap=task.overlap,
        extra=task.extra,
        person=ended.person,
        outcome=outcome,
        reason=ended.reason,
        spans=result.spans,
        choices=dict(result.choices),
        fields=task.fields,
        leased_at=ended.leased_at,
        submitted_at=ended.ended_at,
        released_at=ended.released_at,
    )
