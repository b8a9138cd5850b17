"""What the audit says of some tasks, from their raw records to what they ended as, in whatever order events come.

Memory is that of the answer: nothing is kept of other tasks.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from schemas.audit import AuditEvent, BatchCoverage, EventType, OffsetOutcome
from schemas.control import ControlKind
from schemas.records import RawReference
from schemas.resources import (
    Kind,
    control_resource,
    policy_resource,
    raw_reference,
    raw_resource,
    task_ids,
    task_resource,
)
from streams.audit.lineage.graph import Relation, Sketch, when
from streams.audit.lineage.releases import ReleaseFacts
from streams.audit.lineage.steps import STEPS

Place = tuple[str, int, int, int | None]
"""Topic, partition, offset, and a revision or all of them."""


class TaskFacts:
    """Takes every event of a project; draws what concerns `tasks`, and the raw record at `place`."""

    def __init__(self, sketch: Sketch, project: str, tasks: Collection[str], place: Place | None = None) -> None:
        self._sketch = sketch
        self._tasks = frozenset(tasks)
        self._place = place
        self._concerns = {withdrawal(project, task_id): task_id for task_id in self._tasks}
        self._project = project
        self._releases = ReleaseFacts(sketch)

    def add(self, event: AuditEvent) -> None:
        """Take one event."""
        if event.batch is not None:
            self._redacted(event, event.batch)
        elif event.type is EventType.CONTROL_APPLIED:
            self._taken_up(event)
        else:
            self._releases.add(event)
            for task_id in task_ids(event):
                if task_id in self._tasks:
                    self._of_task(event, task_id)

    def end(self) -> None:
        """No more events follow: draw releases, and connect a record's revisions."""
        self._releases.end()
        raws = sorted(raw_reference(it) for it in self._sketch.ids(Kind.RAW))
        for one, other in pairwise(raws):
            if (one.topic, one.partition, one.offset) == (other.topic, other.partition, other.offset):
                self._sketch.link(raw_resource(one), Relation.REVISED, raw_resource(other))

    def _of_task(self, event: AuditEvent, task_id: str) -> None:
        if event.type is EventType.WITHDRAWAL_ORDERED:
            order = self._sketch.born(withdrawal(self._project, task_id), event, reason=event.reason)
            self._sketch.add_to(order, "ordered_by", event.person)
            self._sketch.link(task_resource(task_id), Relation.WITHDRAWN, order)
        elif event.type is EventType.TASK_WITHDRAWN:
            self._let_go(event, task_id)
        elif event.type in STEPS:
            STEPS[event.type](self._sketch, event, task_id)

    # Redaction

    def _redacted(self, event: AuditEvent, batch: BatchCoverage) -> None:
        for outcome in batch.outcomes:
            if outcome.task_id in self._tasks or self._is_asked(batch, outcome):
                self._outcome(event, batch, outcome)

    def _is_asked(self, batch: BatchCoverage, outcome: OffsetOutcome) -> bool:
        if self._place is None or (batch.topic, batch.partition, outcome.offset) != self._place[:3]:
            return False
        return self._place[3] in (None, outcome.revision)

    def _outcome(self, event: AuditEvent, batch: BatchCoverage, outcome: OffsetOutcome) -> None:
        raw = raw_resource(RawReference(batch.topic, batch.partition, outcome.offset, outcome.revision))
        self._sketch.note(raw, event, became=str(outcome.outcome), reason=outcome.reason)
        self._sketch.link(raw, Relation.REDACTED, self._batch(event, batch))
        if outcome.task_id:
            task = self._sketch.born(task_resource(outcome.task_id), event)
            self._sketch.link(event.resource, Relation.MADE, task)

    def _batch(self, event: AuditEvent, batch: BatchCoverage) -> str:
        """The batch, and by which bundle and policy it was redacted."""
        overlap = event.details.get("overlap", "")
        self._sketch.born(event.resource, event, overlap=overlap, records=str(len(batch.outcomes)))
        policy = policy_resource(event.details["policy"]) if event.details.get("policy") else ""
        bundle = f"bundle/{event.bundle}" if event.bundle else ""
        if bundle:
            self._sketch.link(bundle, Relation.GOVERNED, event.resource)
        if policy:
            relation = Relation.RULES if bundle else Relation.GOVERNED
            self._sketch.link(policy, relation, bundle or event.resource)
        return event.resource

    # Withdrawal

    def _let_go(self, event: AuditEvent, task_id: str) -> None:
        """A stage holds neither the task nor its key any more, or never did."""
        held = {"true": "let go", "false": "held nothing"}.get(event.details.get("held", ""), event.outcome)
        order = withdrawal(self._project, task_id)
        self._sketch.note(order, event, **{event.process: f"{held} {when(event.time)}"})
        self._sketch.link(task_resource(task_id), Relation.WITHDRAWN, order)

    def _taken_up(self, event: AuditEvent) -> None:
        task_id = self._concerns.get(event.resource)
        if task_id is not None:
            self._sketch.note(event.resource, event)
            self._sketch.add_to(event.resource, "signed_by", event.details.get("key", "").rpartition("/")[2])
            self._sketch.add_to(event.resource, "taken_up_by", event.process)
            self._sketch.link(task_resource(task_id), Relation.WITHDRAWN, event.resource)


def withdrawal(project: str, task_id: str) -> str:
    """A task's withdrawal, whoever orders it: the control key without its signer."""
    return control_resource(f"{ControlKind.WITHDRAW}/{project}/{task_id}")
