"""What a label does to its task: wait for more, ask for one more person, or decide.

Pure: a task and a label in, a step out. A skip or a report counts as no label, but its person isn't asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schemas.errors import Reason, Refused
from schemas.records import Contribution, FieldShape, Label, LabelOutcome, LabelSpan, Order, WorkOrder
from schemas.states import Passed, TaskLabels, TaskProgress
from streams.decide.majority import Majority, majority


@dataclass(frozen=True, slots=True)
class Step:
    """The task as it is now; the order for label and the result that follow, if any do.

    `behind` are the label ids that led to the order: the parents of its audit event.
    """

    task: TaskLabels
    order: WorkOrder | None = None
    result: Majority | None = None
    behind: tuple[str, ...] = ()


def opened(label: Label, now: int) -> TaskLabels:
    """A task nobody has labeled yet, as its first label describes it."""
    return TaskLabels(
        task_id=label.task_id,
        progress=TaskProgress.OPEN,
        revision=label.revision,
        bundle=label.bundle,
        policy=label.policy,
        segment_id=label.segment_id,
        overlap=label.overlap,
        extra=label.extra,
        granted=0,
        labels=(),
        passed=(),
        fields=label.fields,
        touched_at=now,
    )


def withdrawn(task_id: str, now: int) -> TaskLabels:
    """The receipt of a withdrawn task: whatever still arrives for it is refused."""
    return TaskLabels(task_id, TaskProgress.WITHDRAWN, 0, "", "", "", 0, 0, 0, (), (), (), now)


def take(task: TaskLabels, label: Label, now: int, skip_limit: int) -> Step:
    """The step that `label` makes. Raises Refused; the task then stays as it is."""
    _check_open(task)
    _check_same_task(task, label)
    _check_person(task, label)
    if label.outcome is LabelOutcome.LABEL:
        _check_spans(label.spans, label.fields)
        return _labeled(task, label, now)
    return _passed(task, label, now, skip_limit)


def receipt(task: TaskLabels, progress: TaskProgress, now: int) -> TaskLabels:
    """What is kept of a task that is over: enough to refuse, nothing that was answered."""
    return replace(task, progress=progress, labels=(), passed=(), fields=(), touched_at=now)


def _labeled(task: TaskLabels, label: Label, now: int) -> Step:
    contribution = Contribution(label.person, label.label_id, label.spans, dict(label.choices))
    labels = (*task.labels, contribution)
    task = replace(task, labels=labels, touched_at=now)
    if len(labels) < max(1, task.overlap) + task.granted:
        return Step(task)
    result = majority(labels)
    behind = tuple(sorted(it.label_id for it in labels))
    if not result.agreed and task.granted < task.extra:
        granted = task.granted + 1
        order = WorkOrder(task.task_id, Order.EXTRA, granted, "no_majority")
        return Step(replace(task, granted=granted), order, behind=behind)
    order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "decided")
    return Step(task, order, result, behind)


def _passed(task: TaskLabels, label: Label, now: int, skip_limit: int) -> Step:
    passed = (*task.passed, Passed(label.person, label.label_id))
    if label.outcome is LabelOutcome.REPORT:
        order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "reported")
        return Step(receipt(task, TaskProgress.REPORTED, now), order, behind=(label.label_id,))
    if len(passed) >= skip_limit:
        order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "skipped")
        skips = tuple(sorted(it.label_id for it in passed))
        return Step(receipt(task, TaskProgress.SKIPPED, now), order, behind=skips)
    return Step(replace(task, passed=passed, touched_at=now))


def _check_open(task: TaskLabels) -> None:
    if task.progress is TaskProgress.WITHDRAWN:
        raise Refused(Reason.WITHDRAWN, "a label for a withdrawn task")
    if task.progress is not TaskProgress.OPEN:
        raise Refused(Reason.ALREADY_DECIDED, "a label for a task that is over")


def _check_same_task(task: TaskLabels, label: Label) -> None:
    ours = (task.revision, task.bundle, task.policy, task.segment_id)
    if ours != (label.revision, label.bundle, label.policy, label.segment_id):
        raise Refused(Reason.STALE_REVISION, "a label for another revision of its task")
    if task.fields != label.fields:
        raise Refused(Reason.GEOMETRY_MISMATCH, "a label for fields of another shape")


def _check_person(task: TaskLabels, label: Label) -> None:
    seen: list[Contribution | Passed] = [*task.labels, *task.passed]
    if any(label.person == it.person or label.label_id == it.label_id for it in seen):
        raise Refused(Reason.DUPLICATE, "a second label of one person, or a label id that came before")


def _check_spans(spans: Iterable[LabelSpan], fields: Iterable[FieldShape]) -> None:
    """Label has checked them; a span that still is off would move to the wrong raw text (fail closed)."""
    lengths = {shape.path: shape.length for shape in fields}
    for span in spans:
        if span.field not in lengths:
            raise Refused(Reason.UNKNOWN_FIELD, "a span in a field that the task does not have")
        if not 0 <= span.start < span.end <= lengths[span.field]:
            raise Refused(Reason.SPAN_OUT_OF_RANGE, "a span that is empty or outside its field")
