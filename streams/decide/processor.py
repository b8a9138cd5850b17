"""The decide stage: labels and scores in; verdicts, work orders, people's standing and their events out.

All in one transaction. Task state, its receipt, the reviewer snapshot and people's answers on gold live in
`decide-state.P`, so a crash at any point replays the batch against the state that was committed with the batch
before, and decides the same again, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import withdrawn_task
from schemas.errors import Reason, RecordError, Refused
from schemas.gold import REDACTION, PersonScore
from schemas.records import Label, Verdict, WorkOrder
from schemas.resources import label_resource, task_resource, verdict_resource
from schemas.states import TaskLabels, TaskProgress
from streams.decide import deciding, metrics
from streams.decide.calibration import Calibration, GoldSeams
from streams.decide.comparing import Answered, compared
from streams.decide.drift_book import DriftBook, drifted
from streams.decide.explaining import agreed, explained
from streams.decide.outcome import Outcome
from streams.decide.reviewer_book import ReviewerBook
from streams.decide.reviewers import Snapshot
from streams.decide.rules import Method, Rules
from streams.engine.clock import Clock
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.engine.state import KeyedState

DAY_MS = 86_400_000
PREFIX = "task/"

Look = Callable[[Sequence[Label], Plan], None]
"""What users have plugged in to look at labels; adds what it has to say to the plan."""

MappingLife = Callable[[str], int | None]
"""How long what opens tasks of a policy lives, by the policy's hash, in milliseconds; None: it isn't here yet."""


def _untold(_policy: str) -> None:
    """No policy says anything."""


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """Limits of the stage. Times in milliseconds."""

    skip_limit: int = 5
    """So many people skipping a task close it without a verdict: it can't be labeled as it is."""
    receipt_ms: int = 7 * DAY_MS
    """How long a task that is over is remembered: far longer than a lease and the retries of its submit."""
    open_ms: int = 30 * DAY_MS
    """A task without a new label for so long is over: by then its segment is at its hard TTL."""
    drift_ms: int = 90 * DAY_MS
    """What is known of a person's answers is dropped when none came for so long: the retention of labels."""
    sweep_ms: int = 60_000
    """How often the state is searched for what is past these times; a pass over a million tasks takes a second.
    Not before that time after a start either, nor after a late record: an empty batch does not say that all is
    read.
    """
    late_ms: int = 600_000
    """A record that has lain on its topic for so long is of a backlog, and a label that a task waits for may be
    behind it. By the broker's clock: longer than one that is kept right can differ from ours.
    """


class DecideProcessor:
    """Collects labels per task and decides each task once (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(
        self,
        project: str,
        codec: Codec,
        clock: Clock,
        rules: Callable[[], Rules] = Rules,
        settings: DecideSettings | None = None,
        look: Look | None = None,
        gold: GoldSeams | None = None,
        mapping_ms: MappingLife = _untold,
    ) -> None:
        self._project = project
        self._codec = codec
        self._clock = clock
        self._rules_now = rules
        self._settings = settings or DecideSettings()
        self._look = look
        self._gold = gold or GoldSeams()
        self._mapping_ms = mapping_ms
        self._start()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - all slots alike
        """Take over the open tasks, the receipts and what is known of people.

        A task that waits for an adjudicator when the project has none any more is decided: nobody else would come.
        """
        self._start()
        for message in changelog:
            states = (self._tasks, self._reviewers, self._drift, self._calibration)
            _ = any(state.apply(message) for state in states)
        return self._reconsider(self._clock.now())

    def process(self, batch: Batch) -> Plan:
        """Every label and score of the batch in turn, by the rules of now; at times a search for what is over."""
        self._rules = self._rules_now()
        plan = Plan()
        scores = f"scores.{self._project}"
        taken = [self._take(message, batch.now, plan) for message in batch.messages if message.topic != scores]
        if self._look is not None:
            self._look([label for label in taken if label is not None], plan)
        for message in batch.messages:
            if message.topic == scores:
                self._calibrate(message, batch.now, plan)
        if any(batch.now - it.timestamp >= self._settings.late_ms for it in batch.messages):
            self._sweep_at = batch.now + self._settings.sweep_ms
        elif batch.now >= self._sweep_at:
            self._sweep(batch.now, plan)
        plan.outputs += self._changes()
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Drop withdrawn tasks and acknowledge each, also one that is not here: its labels may be on their way.

        After a start `control` shows every withdrawal there is; those without a receipt are acknowledged again.
        """
        plan = Plan()
        for task_id in sorted({task for key in changed if (task := withdrawn_task(key, self._project))}):
            self._withdraw(task_id, plan)
        self._calibration.readmit(changed, self._clock.now(), plan)
        plan.outputs += self._changes()
        return plan

    def _start(self) -> None:
        topic = f"decide-state.{self._project}"
        self._tasks = KeyedState(topic, TaskLabels, self._codec, PREFIX)
        self._reviewers = ReviewerBook(topic, self._codec)
        self._drift = DriftBook(topic, self._codec)
        self._calibration = Calibration(self._project, self._codec, self._gold)
        self._sweep_at = self._clock.now() + self._settings.sweep_ms
        self._rules = self._rules_now()

    def _reconsider(self, now: int) -> Plan:
        plan = Plan()
        for task in [task for _, task in self._tasks.items() if deciding.stranded(task, self._rules)]:
            known = self._known(it.person for it in task.labels)
            self._carry_out(deciding.reconsidered(task, now, self._rules, known), known, now, plan)
        plan.outputs += self._changes()
        return plan

    def _changes(self) -> list[Outgoing]:
        changed = (self._tasks, self._reviewers, self._drift, self._calibration)
        return [change for state in changed for change in state.changes()]

    def _take(self, message: Message, now: int, plan: Plan) -> Label | None:
        """The label, where it counts."""
        try:
            label = self._codec.decode(message.value, Label)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))
            return None
        task = self._tasks.get(label.task_id) or deciding.opened(label, now)
        known = self._known([label.person, *(it.person for it in task.labels)])
        try:
            step = deciding.take(task, label, now, self._rules, known, self._settings.skip_limit)
        except Refused as error:
            parents = (task_resource(label.task_id), label_resource(label.label_id))
            event = refused(message, error.reason, person=label.person, bundle=label.bundle, parents=parents)
            plan.events.append(event)
            return None
        if step.task.progress is TaskProgress.SKIPPED:  # its receipt holds nobody's answer any more
            self._watch(task, None, now, plan, label.person)
        self._carry_out(step, known, now, plan)
        return label

    def _calibrate(self, message: Message, now: int, plan: Plan) -> None:
        """One person's answers on gold. What the redactor left uncovered is for keeper."""
        if (message.key or b"").startswith(REDACTION.encode()):
            return
        try:
            score = self._codec.decode(message.value, PersonScore)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))
            return
        weighs = self._rules.method is Method.DAWID_SKENE
        self._calibration.take(score, self._reviewers if weighs else None, now, plan)

    def _known(self, people: Iterable[str]) -> Snapshot:
        """What is known of people; nothing is kept about anyone where no verdict rests on it."""
        return self._reviewers.of(people) if self._rules.method is Method.DAWID_SKENE else Snapshot()

    def _carry_out(self, step: deciding.Step, known: Snapshot, now: int, plan: Plan) -> None:
        task = step.task
        if step.decision is not None:
            self._reach(task, step.decision, step.behind, now, plan)
            self._reviewers.learn(known, step.decision.learned)
            self._watch(task, step.decision.outcome, now, plan)
            task = deciding.receipt(task, TaskProgress.DECIDED, now)
        if step.order is not None:
            self._order(step.order, task.bundle, step.behind, plan, agreed(step.agreement))
        self._tasks.put(task.task_id, task)

    def _watch(self, task: TaskLabels, outcome: Outcome | None, now: int, plan: Plan, *skipped: str) -> None:
        """Whether somebody answers otherwise than before, now that this task is over."""
        if not self._rules.watches_drift:
            return
        apart = self._rules.adjudicators
        answered = Answered(
            [it for it in task.labels if it.person not in apart],
            {*skipped, *(it.person for it in task.passed)} - apart,
            task.durations,
            sum(it.length for it in task.fields),
            outcome,
        )
        for person, alarm in self._drift.follow(compared(answered), now):
            plan.events.append(drifted(person, alarm))
            plan.after.append(metrics.DRIFTS.labels(self._project, alarm.signal.partition("/")[0]).inc)

    def _reach(
        self, task: TaskLabels, decision: deciding.Decision, behind: tuple[str, ...], now: int, plan: Plan
    ) -> None:
        contributions = tuple(sorted(task.labels, key=lambda it: (it.person, it.label_id)))
        outcome = decision.outcome
        verdict = Verdict(
            task_id=task.task_id,
            revision=task.revision,
            bundle=task.bundle,
            policy=task.policy,
            segment_id=task.segment_id,
            status=outcome.status,
            method=decision.method,
            confidence=outcome.confidence,
            spans=outcome.spans,
            choices=outcome.choices,
            contributions=contributions,
            fields=task.fields,
            decided_at=now,
            rejected=outcome.rejected,
            why=decision.why.value,
            agreement=decision.agreement.value if decision.agreement else None,
            adjudicator=decision.adjudicator,
            snapshot=decision.snapshot,
            labeled_at=task.labeled_at,
        )
        plan.outputs.append(self._outgoing("verdicts", verdict.task_id, verdict))
        plan.events.append(
            Event(
                EventType.VERDICT_REACHED,
                verdict_resource(task.task_id),
                bundle=task.bundle,
                parents=tuple(map(label_resource, behind)),
                details=explained(decision, contributions, task.fields),
            )
        )

    def _order(
        self,
        order: WorkOrder,
        bundle: str,
        labels: tuple[str, ...],
        plan: Plan,
        agreement: Mapping[str, str],
    ) -> None:
        plan.outputs.append(self._outgoing("work", order.task_id, order))
        details = {"order": order.kind.value, "granted": str(order.granted), **agreement}
        plan.events.append(
            Event(
                EventType.WORK_ORDERED,
                task_resource(order.task_id),
                reason=order.reason,
                bundle=bundle,
                parents=tuple(map(label_resource, labels)),
                details=details,
            )
        )

    def _withdraw(self, task_id: str, plan: Plan) -> None:
        task = self._tasks.get(task_id)
        if task is not None and task.progress is TaskProgress.WITHDRAWN:
            return
        self._tasks.put(task_id, deciding.withdrawn(task_id, self._clock.now()))
        outcome = "dropped" if task is not None and task.progress is TaskProgress.OPEN else "noted"
        reason = Reason.WITHDRAWN.value
        plan.events.append(Event(EventType.TASK_WITHDRAWN, task_resource(task_id), outcome, reason=reason))

    def _sweep(self, now: int, plan: Plan) -> None:
        self._sweep_at = now + self._settings.sweep_ms
        self._drift.forget(now - self._settings.drift_ms)
        for task_id, task in list(self._tasks.items()):
            still = task.progress is TaskProgress.OPEN
            if now < (self._waits_until(task) if still else task.touched_at + self._settings.receipt_ms):
                continue
            if still:
                known = self._known(it.person for it in task.labels)
                self._carry_out(deciding.given_up(task, now, self._rules, known), known, now, plan)
            else:
                self._tasks.remove(task_id)

    def _waits_until(self, task: TaskLabels) -> int:
        """Until when a task waits for its next label. In doubt, for half of what its mapping lives, by default
        three days and a half, more than a weekend, but not into the last quarter of that: a verdict that comes
        when the mapping has ended can't be joined.
        """
        longest = self._settings.open_ms
        lives = self._mapping_ms(task.policy) if deciding.is_complete(task) else None
        if lives is None:
            return task.touched_at + longest
        half = task.touched_at + min(longest, lives) // 2
        return min(half, task.released_at + lives * 3 // 4) if task.released_at else half

    def _outgoing(self, kind: str, task_id: str, record: Verdict | WorkOrder) -> Outgoing:
        return Outgoing(f"{kind}.{self._project}", task_id.encode(), self._codec.encode(record))
