"""Carries out what people ask of the queue, and collects what has to be committed before they are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from schemas.audit import Event
from schemas.errors import Reason, Refused
from schemas.records import Label, LabelOutcome, LabelSpan, Task
from schemas.states import LeaseEnding, WorkStatus
from streams.label import events
from streams.label.availability import nobody
from streams.label.commands import (
    SESSION_ENDED,
    CountTasks,
    Deny,
    Ended,
    EndSession,
    Heartbeat,
    Held,
    Leased,
    LeaseTask,
    Release,
    Report,
    Result,
    Skip,
    StartSession,
    Submit,
    Unopenable,
)
from streams.label.denials import Denials
from streams.label.queue import Digests, Queue
from streams.label.results import check_result, check_spans
from streams.label.settings import ResultLimits
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
    """Task id and reason of each report: withdrawals to order."""
    gone: list[str] = field(default_factory=list)
    """Tasks whose keys are to be forgotten."""


class Desk:
    """One call a command. Raises Refused; then nothing has changed but, perhaps, an `access.denied` event."""

    def __init__(
        self,
        queue: Queue,
        schema_of: Callable[[str], LabelSchema | None],
        frozen_by: Callable[[], Sequence[str]],
        denials: Denials,
        limits: ResultLimits,
        is_paused: Callable[[str], bool] = nobody,
    ) -> None:
        self._queue = queue
        self._schema_of = schema_of
        self._frozen_by = frozen_by
        self._denials = denials
        self._limits = limits
        self._is_paused = is_paused

    def handle(self, command: object, now: int, effects: Effects) -> object:
        """The answer to a command of `streams.label.commands`."""
        try:
            return self._handle(command, now, effects)
        except Refused as error:
            if error.reason is Reason.NOT_PERMITTED:
                self._deny(command, now, effects)
            raise

    def _handle(self, command: object, now: int, effects: Effects) -> object:  # noqa: PLR0911 - one a command
        """What people do with leases."""
        match command:
            case LeaseTask(person):
                return self._lease(person, now, effects)
            case Heartbeat(held):
                return self._heartbeat(held, now, effects)
            case Submit():
                return self._submit(command, now, effects)
            case Skip(held, reason):
                return self._end(held, LeaseEnding.SKIP, reason, now, effects)
            case Release(held, reason):
                return self._end(held, LeaseEnding.RELEASE, reason, now, effects)
            case Report():
                return self._report(command, now, effects)
            case CountTasks():
                return self._queue.counts(now)
        self._note(command, now, effects)
        return None

    def _note(self, command: object, now: int, effects: Effects) -> None:
        """What the API has found out, and what has to be known of it."""
        match command:
            case Unopenable(held, cause):
                self._unopenable(held, cause, now, effects)
            case Deny(person, resource, text, suppressed):
                effects.events.append(events.denied(person, resource, text, suppressed))
            case StartSession():
                effects.events.append(events.session_started(command))
            case EndSession():
                self._end_session(command, now, effects)
            case _:
                raise Refused(Reason.BAD_REQUEST, f"no such command: {type(command).__name__}")

    def _lease(self, person: str, now: int, effects: Effects) -> Leased | None:
        paused = self._is_paused(person)
        leased = self._queue.lease(person, now, new=not (paused or self._frozen_by()))
        if leased is None and paused:
            raise Refused(
                Reason.PERSON_PAUSED, "you get no new task for now; an operator of the project can say more"
            )
        if leased is not None:
            effects.events.append(events.viewed(leased))
        return leased

    def _heartbeat(self, held: Held, now: int, effects: Effects) -> Leased:
        leased = self._queue.heartbeat(held, now)
        effects.events.append(events.renewed(leased))
        return leased

    def _submit(self, command: Submit, now: int, effects: Effects) -> Ended:
        digests = Digests(command.key_digest, command.body_digest)

        def check(task: Task) -> None:
            schema = self._schema_of(task.policy)
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

        ended = self._queue.finish(command.held, LeaseEnding.REPORT, now, reason=command.reason.value, check=check)
        if not ended.replayed:
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

    def _end_session(self, command: EndSession, now: int, effects: Effects) -> None:
        """The task first: whatever a session led to lies between its two events."""
        if command.releases:
            ended = self._queue.give_back(command.person, command.ended_at, SESSION_ENDED, now)
            if ended is not None:
                _record(ended, NO_RESULT, effects)
        effects.events.append(events.session_ended(command))

    def _deny(self, command: object, now: int, effects: Effects) -> None:
        held = getattr(command, "held", None)
        if isinstance(held, Held):
            suppressed = self._denials.admit(held.person, now)
            if suppressed is not None:
                effects.events.append(events.denied_lease(held, suppressed))


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
    )
