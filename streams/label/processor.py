"""The label stage as the loop sees it: tasks, orders, withdrawals and people's requests in; labels and audit out.

All requests of a batch share one transaction (group commit); each is answered after it. State is in
`label-state.P`: `task/<id>` is the sealed task, `work/<id>` what has happened to it, so that a heartbeat does not
write the content again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.codec import Codec
from schemas.control import withdrawn_task
from schemas.errors import RecordError, Refused
from schemas.records import Task, WorkOrder
from schemas.states import TaskWork, WorkStatus
from streams.engine.clock import Clock
from streams.engine.log import Ownership
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Request, Slot
from streams.engine.refusals import refused
from streams.engine.state import KeyedState
from streams.label import events, paused
from streams.label.availability import nobody
from streams.label.denials import Denials
from streams.label.desk import Desk, Effects
from streams.label.queue import Queue
from streams.label.settings import LabelSettings
from topology.policies.model import LabelSchema

OWNERSHIP = Ownership.WHOLE
TRANSACTION_TIMEOUT_MS = 2_000
"""A killed owner's open transaction holds annotators up for as long as this."""


def inputs(project: str) -> tuple[str, ...]:
    """The topics to consume."""
    return (f"tasks.{project}", f"work.{project}", paused.topic_of(project))


_CONTROL = "control"
"""Why a task was withdrawn: a signed order is in force."""


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
    adjudicates: Callable[[str], bool] = nobody
    """Whether a person adjudicates in this project."""


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
        self._full = False
        self._start()

    def _start(self) -> None:
        topic = f"label-state.{self._project}"
        self._tasks = KeyedState(topic, Task, self._codec, "task/")
        self._work = KeyedState(topic, TaskWork, self._codec, "work/")
        self._paused = paused.PausedPeople(self._project, self._codec)

    def _open(self) -> None:
        seams, limits = self._seams, self._settings.results
        self._queue = Queue(self._tasks, self._work, self._settings.queue, seams.adjudicates)
        self._desk = Desk(
            self._queue, seams.schema_of, seams.frozen_by, self._denials, limits, self._paused.is_paused
        )
        self._full = False

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot a project
        """Rebuild the queue; let go of what was withdrawn while nobody was here."""
        self._start()
        for message in changelog:
            _ = self._tasks.apply(message) or self._work.apply(message) or self._paused.apply(message)
        self._open()
        gone = [task_id for task_id in self._queue.open_tasks() if self._seams.is_withdrawn(task_id)]
        return self._withdrawal_plan(gone)

    def process(self, batch: Batch) -> Plan:
        """Time first, then what arrived, then what people ask: a task that came with a request can be leased."""
        effects = Effects()
        effects.events += [events.expired(lease) for lease in self._queue.expire(batch.now)]
        self._queue.purge(batch.now)
        for message in batch.messages:
            self._take(message, batch.now, effects)
        answers = [(request, self._answer(request, batch.now, effects)) for request in batch.requests]
        self._full = not self._queue.wants_more(batch.now)
        plan = self._plan(effects, batch.now)
        plan.answers.extend(answers)
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Let go of withdrawn tasks and acknowledge each, also one that is not here: its key might have been.

        After a start `control` shows every withdrawal there is; those without a receipt are acknowledged again.
        """
        named = {task_id for key in changed if (task_id := withdrawn_task(key, self._project))}
        return self._withdrawal_plan(sorted(filter(self._seams.is_withdrawn, named)))

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
                self._take_task(self._codec.decode(message.value, Task), effects)
            elif message.topic == paused.topic_of(self._project):
                self._paused.take(message)
            else:
                self._take_order(self._codec.decode(message.value, WorkOrder), now, effects)
        except RecordError as error:
            effects.events.append(refused(message, error.reason))

    def _take_task(self, task: Task, effects: Effects) -> None:
        if self._seams.is_withdrawn(task.task_id):
            effects.gone.append(task.task_id)
            effects.events.append(events.withdrawn(task.task_id, task, _CONTROL))
        else:
            self._queue.add(task)

    def _take_order(self, order: WorkOrder, now: int, effects: Effects) -> None:
        task = self._queue.apply(order, now)
        if task is not None:
            effects.events.append(events.closed(task, order.reason))

    def _withdrawal_plan(self, task_ids: Sequence[str]) -> Plan:
        """End these tasks, forget their keys, and only then acknowledge."""
        now, effects = self._clock.now(), Effects()
        for task_id in task_ids:
            effects.gone.append(task_id)
            known = self._queue.status(task_id)
            task = self._queue.end(task_id, WorkStatus.WITHDRAWN, now)
            if known is not WorkStatus.WITHDRAWN:
                effects.events.append(events.withdrawn(task_id, task, _CONTROL))
        return self._plan(effects, now)

    def _notice(self) -> str:
        names = " and ".join(self._seams.frozen_by())
        return f"frozen by {names}: no new lease until `veil contain resume` ends each" if names else ""

    def _plan(self, effects: Effects, now: int) -> Plan:
        if effects.gone:
            self._seams.evict(effects.gone)
        plan = Plan(events=effects.events, notice=self._notice())
        for label in effects.labels:
            topic = f"labels.{self._project}"
            plan.outputs.append(Outgoing(topic, label.task_id.encode(), self._codec.encode(label)))
        plan.outputs += [self._seams.order_withdrawal(task_id, why, now) for task_id, why in effects.reports]
        plan.outputs += self._tasks.changes()
        plan.outputs += self._work.changes()
        plan.outputs += self._paused.changes()
        return plan
