"""What a label does to its task: wait for more, ask for one more person or an adjudicator, or decide.

Pure: a task, a label and what is known of people in; a step out. A skip or a report counts as no label, but its
person isn't asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.errors import Reason, Refused
from schemas.records import Contribution, FieldShape, Label, LabelOutcome, LabelSpan, Order, WorkOrder
from schemas.states import Passed, TaskLabels, TaskProgress
from streams.decide import adjudication, majority, weighing
from streams.decide.agreement import Agreement, agreement
from streams.decide.outcome import Outcome
from streams.decide.questions import silences
from streams.decide.reviewers import Learned, Snapshot
from streams.decide.rules import Doubt, Method, Rules, Why

_DIGITS = 9
"""Agreement is compared with a bar to so many places."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome that stands: by which method, why now, on which agreement of the annotators.

    `adjudicator` is empty where nobody adjudicated, `snapshot` 0 where no snapshot was used. `learned` is what the
    next snapshot counts in.
    """

    outcome: Outcome
    method: str
    why: Why
    agreement: Agreement | None
    adjudicator: str = ""
    snapshot: int = 0
    learned: tuple[Learned, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """The task as it is now; the order for label and the decision that follow, if any do.

    `behind` are the label ids that led to the order: the parents of its audit event. `agreement` is what the
    annotators' was when an order was given.
    """

    task: TaskLabels
    order: WorkOrder | None = None
    decision: Decision | None = None
    behind: tuple[str, ...] = ()
    agreement: Agreement | None = None


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
        released_at=label.released_at,
    )


def withdrawn(task_id: str, now: int) -> TaskLabels:
    """The receipt of a withdrawn task: whatever still arrives for it is refused."""
    return TaskLabels(task_id, TaskProgress.WITHDRAWN, 0, "", "", "", 0, 0, 0, (), (), (), now)


def take(task: TaskLabels, label: Label, now: int, rules: Rules, snapshot: Snapshot, skip_limit: int) -> Step:
    """The step that `label` makes. Raises Refused; the task then stays as it is.

    `snapshot` must know the people of the task and the one of the label, as far as anything is known of them.
    """
    _check_open(task)
    _check_same_task(task, label)
    _check_person(task, label)
    if label.outcome is LabelOutcome.LABEL:
        _check_spans(label.spans, label.fields)
        return _labeled(replace(task, touched_at=now), label, rules, snapshot)
    return _passed(task, label, now, rules, snapshot, skip_limit)


def stranded(task: TaskLabels, rules: Rules) -> bool:
    """Whether a task waits for an adjudicator where the rules have none for it any more."""
    return task.progress is TaskProgress.OPEN and task.adjudicating and not _adjudicators_left(task, rules)


def reconsidered(task: TaskLabels, now: int, rules: Rules, snapshot: Snapshot) -> Step:
    """The step of a stranded task: the labels there are decide."""
    return _judged(replace(task, touched_at=now), rules, snapshot)


def is_complete(task: TaskLabels) -> bool:
    """Whether a task has as many labels as it needs: one that is open still is in doubt, and waits for more."""
    return len(task.labels) >= max(1, task.overlap)


def given_up(task: TaskLabels, now: int, rules: Rules, snapshot: Snapshot) -> Step:
    """The step of an open task that nobody labels any more: the labels there are decide; where they are too few,
    it ends without a verdict.
    """
    if is_complete(task):
        return _closed(task, replace(_inferred(task, rules, snapshot), why=Why.NOBODY_LEFT))
    order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "expired")
    return Step(receipt(task, TaskProgress.EXPIRED, now), order, behind=_ids(task.labels))


def receipt(task: TaskLabels, progress: TaskProgress, now: int) -> TaskLabels:
    """What is kept of a task that is over: enough to refuse, nothing that was answered."""
    return replace(
        task,
        progress=progress,
        labels=(),
        passed=(),
        fields=(),
        durations={},
        touched_at=now,
        labeled_at=0,
        released_at=0,
    )


def _labeled(task: TaskLabels, label: Label, rules: Rules, snapshot: Snapshot) -> Step:
    contribution = Contribution(label.person, label.label_id, label.spans, dict(label.choices))
    durations = {**task.durations, label.person: label.submitted_at - label.leased_at}
    before, latest = task.labels, max(task.labeled_at, label.submitted_at)
    task = replace(task, labels=(*before, contribution), durations=durations, labeled_at=latest)
    if task.adjudicating and label.person in rules.adjudicators:
        return _closed(task, _adjudicated(task, before, contribution, rules, snapshot))
    if len(task.labels) < max(1, task.overlap) + task.granted:
        return Step(task)
    return _judged(task, rules, snapshot)


def _judged(task: TaskLabels, rules: Rules, snapshot: Snapshot) -> Step:
    """Everyone who was asked has answered."""
    decision = _inferred(task, rules, snapshot)
    doubt = _doubt(decision, rules)
    if doubt is None:
        return _closed(task, decision)
    if task.granted < task.extra:
        return _ordered(task, Order.EXTRA, doubt, decision.agreement)
    if _adjudicators_left(task, rules):
        return _ordered(replace(task, adjudicating=True), Order.ADJUDICATE, doubt, decision.agreement)
    return _closed(task, replace(decision, why=Why.NOBODY_LEFT))


def _inferred(task: TaskLabels, rules: Rules, snapshot: Snapshot) -> Decision:
    agreed = agreement(task.labels, task.fields)
    if rules.method is Method.MAJORITY:
        return Decision(majority.majority(task.labels), majority.METHOD, Why.AGREED, agreed)
    weighed = weighing.weigh(task.labels, snapshot)
    learned = _with_silences(weighed.learned, task.labels, snapshot)
    return Decision(
        weighed.outcome, weighing.METHOD, Why.AGREED, agreed, snapshot=snapshot.version, learned=learned
    )


def _adjudicated(
    task: TaskLabels, annotators: Sequence[Contribution], own: Contribution, rules: Rules, snapshot: Snapshot
) -> Decision:
    lessons = adjudication.lessons(annotators, own) if rules.method is Method.DAWID_SKENE else ()
    return Decision(
        adjudication.adjudicate(annotators, own),
        adjudication.METHOD,
        Why.ADJUDICATED,
        agreement(annotators, task.fields),
        adjudicator=own.person,
        learned=_with_silences(lessons, annotators, snapshot),
    )


def _with_silences(
    asked: Sequence[Learned], people: Sequence[Contribution], snapshot: Snapshot
) -> tuple[Learned, ...]:
    return (*asked, *silences(snapshot.truths, asked, people))


def _doubt(decision: Decision, rules: Rules) -> Doubt | None:
    if not decision.outcome.agreed:
        return Doubt.NO_MAJORITY if rules.method is Method.MAJORITY else Doubt.NOT_SURE
    bar, found = rules.least_agreement, decision.agreement
    if bar is not None and found is not None and round(found.value, _DIGITS) < bar:
        return Doubt.LOW_AGREEMENT
    return None


def _adjudicators_left(task: TaskLabels, rules: Rules) -> frozenset[str]:
    answered: list[Contribution | Passed] = [*task.labels, *task.passed]
    return rules.adjudicators - {it.person for it in answered}


def _ordered(task: TaskLabels, kind: Order, doubt: Doubt, agreed: Agreement | None) -> Step:
    task = replace(task, granted=task.granted + 1)
    return Step(
        task, WorkOrder(task.task_id, kind, task.granted, doubt.value), behind=_ids(task.labels), agreement=agreed
    )


def _closed(task: TaskLabels, decision: Decision) -> Step:
    order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "decided")
    return Step(task, order, decision, _ids(task.labels))


def _passed(task: TaskLabels, label: Label, now: int, rules: Rules, snapshot: Snapshot, skip_limit: int) -> Step:
    task = replace(task, passed=(*task.passed, Passed(label.person, label.label_id)))
    if label.outcome is LabelOutcome.REPORT:
        order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "reported")
        return Step(receipt(task, TaskProgress.REPORTED, now), order, behind=(label.label_id,))
    if stranded(task, rules):
        return _judged(task, rules, snapshot)
    if len(task.passed) >= skip_limit:
        order = WorkOrder(task.task_id, Order.CLOSE, task.granted, "skipped")
        return Step(receipt(task, TaskProgress.SKIPPED, now), order, behind=_ids(task.passed))
    return Step(task)


def _ids(answers: Iterable[Contribution | Passed]) -> tuple[str, ...]:
    return tuple(sorted(it.label_id for it in answers))


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
