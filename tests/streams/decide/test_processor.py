from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.records import FieldShape, LabelOutcome, Order, Verdict, VerdictStatus, WorkOrder
from schemas.states import TaskLabels, TaskProgress
from streams.decide.processor import DecideProcessor, DecideSettings
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from tests.streams.decide.making import CODEC, label, message, span

SLOT = Slot("decide.demo.0", 1, "decide.demo", "demo")


class Standing:
    def now(self) -> int:
        return 500

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError("decide never waits")


def made(changelog: list[Message] | None = None, **settings: int) -> DecideProcessor:
    processor = DecideProcessor("demo", CODEC, Standing(), DecideSettings(**settings))
    assert processor.restore(SLOT, changelog or []).empty
    return processor


def run(processor: DecideProcessor, *records: object, now: int = 1_000) -> Plan:
    messages = [message(record, offset) for offset, record in enumerate(records)]
    return processor.process(Batch(messages, [], {}, now))


def read(plan: Plan, topic: str, record_type: type) -> list:
    return [CODEC.decode(it.value, record_type) for it in plan.outputs if it.topic == topic]


def types(plan: Plan) -> list[EventType]:
    return [event.type for event in plan.events]


def changelog(*plans: Plan) -> list[Message]:
    written = [it for plan in plans for it in plan.outputs if it.topic == "decide-state.demo"]
    return [Message(it.topic, 0, offset, it.key, it.value) for offset, it in enumerate(written)]


def test_labels_below_overlap_decide_nothing() -> None:
    plan = run(made(), label("a"), label("b"))
    assert read(plan, "verdicts.demo", Verdict) == read(plan, "work.demo", WorkOrder) == []
    assert plan.events == []


def test_the_label_that_completes_the_overlap_brings_verdict_close_and_events() -> None:
    plan = run(made(), label("c", span(0, 4)), label("a", span(0, 4)), label("b"))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.status, verdict.spans[0].support) == (VerdictStatus.AGREED, 2)
    assert [it.person for it in verdict.contributions] == ["a", "b", "c"]
    assert [it.key for it in plan.outputs if it.topic == "verdicts.demo"] == [b"task-1"]
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "decided")]
    assert types(plan) == [EventType.VERDICT_REACHED, EventType.WORK_ORDERED]
    reached = plan.events[0]
    assert reached.parents == ("label/task-1-a", "label/task-1-b", "label/task-1-c")
    assert reached.details["confidence"] == "0.6667"
    assert reached.details["persons"] == "a,b,c"


def test_without_a_majority_extras_are_ordered_one_by_one_and_then_it_stays_unresolved() -> None:
    processor = made()
    two = {"overlap": 2, "extra": 2}
    first = run(processor, label("a", span(0, 4), **two), label("b", **two))
    assert read(first, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.EXTRA, 1, "no_majority")]
    second = run(processor, label("c", span(0, 4, "PLACE"), **two))
    assert read(second, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.EXTRA, 2, "no_majority")]
    third = run(processor, label("d", span(0, 4, "ORG"), **two))
    (verdict,) = read(third, "verdicts.demo", Verdict)
    assert verdict.status is VerdictStatus.UNRESOLVED
    assert read(third, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 2, "decided")]


def test_an_extra_person_who_makes_a_majority_ends_it() -> None:
    processor = made()
    two = {"overlap": 2, "extra": 3}
    run(processor, label("a", span(0, 4), **two), label("b", **two))
    plan = run(processor, label("c", span(0, 4), **two))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert verdict.status is VerdictStatus.AGREED
    assert len(verdict.spans) == 1


def test_a_second_label_of_a_person_and_a_repeated_id_are_refused_as_duplicates() -> None:
    plan = run(made(), label("a"), label("a", label_id="other"), label("b", label_id="task-1-a"))
    assert [event.reason for event in plan.events] == ["duplicate", "duplicate"]
    assert plan.events[0].details == {"topic": "labels.demo", "partition": "0", "offset": "1"}


def test_a_late_label_is_refused_and_decides_nothing_again() -> None:
    processor = made()
    run(processor, label("a"), label("b"), label("c"))
    plan = run(processor, label("d"))
    assert [(it.type, it.reason, it.person) for it in plan.events] == [
        (EventType.RECORD_REFUSED, "already_decided", "d")
    ]
    assert plan.outputs == []


def test_undecodable_input_is_refused_with_its_place_and_the_rest_goes_on() -> None:
    plan = run(made(), b"nonsense", None, label("a", overlap=1))
    assert [event.reason for event in plan.events[:2]] == ["undecodable", "undecodable"]
    assert len(read(plan, "verdicts.demo", Verdict)) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"revision": 2}, "stale_revision"),
        ({"segment_id": "redact.demo.0/1/9"}, "stale_revision"),
        ({"fields": (FieldShape("text", 41),)}, "geometry_mismatch"),
        ({"spans": (span(0, 41),)}, "span_out_of_range"),
        ({"spans": (span(4, 4),)}, "span_out_of_range"),
        ({"spans": (span(0, 4, field="other"),)}, "unknown_field"),
    ],
)
def test_a_label_that_does_not_fit_its_task_is_refused(change: dict, reason: str) -> None:
    plan = run(made(), label("a"), label("b", **change))
    assert [event.reason for event in plan.events] == [reason]


def test_a_report_closes_the_task_without_a_verdict() -> None:
    processor = made()
    plan = run(processor, label("a"), label("b", outcome=LabelOutcome.REPORT, reason="exposed"))
    assert read(plan, "verdicts.demo", Verdict) == []
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "reported")]
    assert (plan.events[0].reason, plan.events[0].parents) == ("reported", ("label/task-1-b",))
    assert run(processor, label("c")).events[0].reason == "already_decided"


def test_skips_count_for_nothing_until_too_many_close_the_task() -> None:
    processor = made(skip_limit=2)
    skip = {"outcome": LabelOutcome.SKIP, "reason": "unclear"}
    assert run(processor, label("a", **skip), label("x"), label("y")).events == []
    plan = run(processor, label("b", **skip))
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "skipped")]
    assert read(plan, "verdicts.demo", Verdict) == []


def test_who_skipped_a_task_cannot_label_it() -> None:
    plan = run(made(), label("a", outcome=LabelOutcome.SKIP), label("a", label_id="second"))
    assert [event.reason for event in plan.events] == ["duplicate"]


def test_a_withdrawn_task_is_dropped_acknowledged_once_and_its_labels_refused() -> None:
    processor = made()
    before = run(processor, label("a"))
    keys = ["withdraw/demo/task-1/compliance", "withdraw/other/task-2/x", "policy/demo/hash/x"]
    plan = processor.control(keys)
    assert [(it.type, it.resource, it.outcome) for it in plan.events] == [
        (EventType.TASK_WITHDRAWN, "task/task-1", "dropped")
    ]
    state = CODEC.decode(plan.outputs[0].value, TaskLabels)
    assert (state.progress, state.labels) == (TaskProgress.WITHDRAWN, ())
    assert processor.control(keys).empty
    assert run(processor, label("b")).events[0].reason == "withdrawn"
    assert made(changelog(before, plan)).control(keys).empty


def test_receipts_and_abandoned_tasks_end_and_the_latter_are_closed() -> None:
    processor = made(receipt_ms=100, open_ms=1_000, sweep_ms=1)
    run(processor, label("a", overlap=1), label("a", task_id="task-2"), now=1_000)
    first = run(processor, now=1_100)
    assert [(it.key, it.value) for it in first.outputs] == [(b"task/task-1", None)]
    second = run(processor, now=2_000)
    assert read(second, "work.demo", WorkOrder) == [WorkOrder("task-2", Order.CLOSE, 0, "expired")]
    assert run(processor, now=9_000).empty


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans(), st.booleans()), max_size=25))
def test_a_restart_after_any_label_goes_on_as_if_there_had_been_none(steps) -> None:
    kept, plans = made(), []
    for number, (person, task, marks, skips) in enumerate(steps):
        record = label(
            f"p{person}",
            *([span(0, 4)] if marks else []),
            task_id=f"task-{task}",
            overlap=2,
            extra=1,
            outcome=LabelOutcome.SKIP if skips else LabelOutcome.LABEL,
        )
        restarted = made(changelog(*plans))
        expected, plan = run(kept, record, now=number), run(restarted, record, now=number)
        assert (plan.outputs, plan.events) == (expected.outputs, expected.events)
        plans.append(plan)
    decided = [it.task_id for plan in plans for it in read(plan, "verdicts.demo", Verdict)]
    assert len(decided) == len(set(decided))
