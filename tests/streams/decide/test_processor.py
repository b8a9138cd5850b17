from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.records import FieldShape, LabelOutcome, Order, Verdict, VerdictStatus, WorkOrder
from schemas.states import Reviewer, ReviewerSnapshot, TaskLabels, TaskProgress
from streams.decide.processor import DAY_MS, DecideProcessor, DecideSettings
from streams.decide.rules import Method, Rules
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from tests.streams.decide.making import CODEC, label, message, span

BARRED = Rules(least_agreement=0.5)
JUDGED = Rules(least_agreement=0.5, adjudicators=frozenset({"zoe", "yan"}))
WEIGHED = Rules(Method.DAWID_SKENE, adjudicators=frozenset({"zoe"}))
SLOT = Slot("decide.demo.0", 1, "decide.demo", "demo")


class Standing:
    def __init__(self, now: int = 500) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError("decide never waits")


def made(
    changelog: list[Message] | None = None,
    rules: Rules | None = None,
    mapping_ms: int | None = None,
    **settings: int,
) -> DecideProcessor:
    limits, asked = DecideSettings(**settings), rules or Rules()
    processor = DecideProcessor("demo", CODEC, Standing(), lambda: asked, limits, mapping_ms=lambda _: mapping_ms)
    assert processor.restore(SLOT, changelog or []).empty
    return processor


def restored(changelog: list[Message], rules: Rules) -> Plan:
    return DecideProcessor("demo", CODEC, Standing(), lambda: rules).restore(SLOT, changelog)


def run(processor: DecideProcessor, *records: object, now: int = 1_000, written: int | None = None) -> Plan:
    """A batch at `now` of what was `written` then, or at an earlier time."""
    at = now if written is None else written
    messages = [message(record, offset, timestamp=at) for offset, record in enumerate(records)]
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
    plan = run(made(), label("c", span(0, 4)), label("a", span(0, 4), submitted_at=7), label("b"))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert verdict.labeled_at == 7
    assert (verdict.status, verdict.spans[0].support) == (VerdictStatus.AGREED, 2)
    assert [it.person for it in verdict.contributions] == ["a", "b", "c"]
    assert [it.key for it in plan.outputs if it.topic == "verdicts.demo"] == [b"task-1"]
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "decided")]
    assert types(plan) == [EventType.VERDICT_REACHED, EventType.WORK_ORDERED]
    reached = plan.events[0]
    assert reached.parents == ("label/task-1-a", "label/task-1-b", "label/task-1-c")
    assert reached.details["confidence"] == "0.6667"
    assert reached.details["persons"] == "a,b,c"
    assert reached.details["why"] == "agreed"
    assert reached.details["spans"] == "0:0-4 PERSON 2/3 majority exact"


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


def test_a_withdrawal_whose_receipt_is_over_is_acknowledged_again_after_a_start_and_not_before() -> None:
    processor, keys = made(sweep_ms=1), ["withdraw/demo/task-1/compliance"]
    first = processor.control(keys)
    assert [(it.type, it.outcome) for it in first.events] == [(EventType.TASK_WITHDRAWN, "noted")]
    assert made(changelog(first)).control(keys).empty
    over = run(processor, now=500 + 7 * DAY_MS)
    assert [(it.key, it.value) for it in over.outputs] == [(b"task/task-1", None)]
    again = made(changelog(first, over)).control(keys)
    assert [(it.type, it.outcome) for it in again.events] == [(EventType.TASK_WITHDRAWN, "noted")]
    assert [it.progress for it in read(again, "decide-state.demo", TaskLabels)] == [TaskProgress.WITHDRAWN]


def test_receipts_and_abandoned_tasks_end_and_the_latter_are_closed_and_leave_a_receipt() -> None:
    processor = made(receipt_ms=100, open_ms=1_000, sweep_ms=1)
    run(processor, label("a", overlap=1), label("a", task_id="task-2"), now=1_000)
    first = run(processor, now=1_100)
    assert [(it.key, it.value) for it in first.outputs] == [(b"task/task-1", None)]
    second = run(processor, now=2_000)
    assert read(second, "work.demo", WorkOrder) == [WorkOrder("task-2", Order.CLOSE, 0, "expired")]
    assert (second.events[0].reason, second.events[0].parents) == ("expired", ("label/task-2-a",))
    (state,) = read(second, "decide-state.demo", TaskLabels)
    assert (state.progress, state.labels, state.touched_at) == (TaskProgress.EXPIRED, (), 2_000)
    third = run(processor, now=2_100)
    assert [(it.key, it.value) for it in third.outputs] == [(b"task/task-2", None)]
    assert run(processor, now=9_000).empty


def test_a_label_for_a_task_that_has_expired_is_refused() -> None:
    processor = made(sweep_ms=1)
    before = run(processor, label("a"), now=1_000)
    expired = run(processor, now=1_000 + 30 * DAY_MS)
    assert read(expired, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "expired")]
    for decide in (processor, made(changelog(before, expired), sweep_ms=1)):
        plan = run(decide, label("b"), now=1_001 + 30 * DAY_MS)
        assert [(it.type, it.reason, it.person) for it in plan.events] == [
            (EventType.RECORD_REFUSED, "already_decided", "b")
        ]
        assert plan.outputs == []


def test_nothing_ends_before_what_lay_there_at_the_start_is_read() -> None:
    until = 30 * DAY_MS
    before = run(made(), label("a", overlap=2), now=1_000)
    processor = DecideProcessor("demo", CODEC, Standing(until + DAY_MS), Rules, DecideSettings(sweep_ms=60_000))
    processor.restore(SLOT, changelog(before))
    start = until + DAY_MS
    assert run(processor, now=start + 59_000).empty
    ahead = run(processor, label("c", task_id="task-2"), now=start + 60_000, written=until - 2_000)
    assert read(ahead, "work.demo", WorkOrder) == []
    plan = run(processor, label("b", overlap=2), now=start + 119_000, written=until - 1_000)
    assert [it.task_id for it in read(plan, "verdicts.demo", Verdict)] == ["task-1"]
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "decided")]


def test_what_is_abandoned_ends_once_what_is_read_is_new_again() -> None:
    processor = made(sweep_ms=60_000, late_ms=600_000)
    run(processor, label("a"), now=1_000)
    now = 31 * DAY_MS
    late = run(processor, label("b", task_id="task-2"), now=now, written=now - 600_000)
    assert read(late, "work.demo", WorkOrder) == []
    assert run(processor, now=now + 59_999).empty
    plan = run(processor, label("c", task_id="task-2"), now=now + 60_000, written=now + 59_000)
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "expired")]


@pytest.mark.parametrize("rules", [Rules(), JUDGED], ids=["extra", "adjudicator"])
def test_where_nobody_comes_for_half_the_life_of_the_mapping_the_labels_there_are_decide(rules: Rules) -> None:
    processor, two = made(rules=rules, mapping_ms=7 * DAY_MS), {"overlap": 2, "extra": 0 if rules is JUDGED else 1}
    asked = run(processor, label("a", span(0, 8), **two), label("b", span(20, 28), **two), now=1_000)
    (order,) = read(asked, "work.demo", WorkOrder)
    assert order.kind is (Order.ADJUDICATE if rules is JUDGED else Order.EXTRA)
    assert run(processor, now=999 + 7 * DAY_MS // 2).empty
    plan = run(processor, now=70_000 + 7 * DAY_MS // 2)
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.why, [it.person for it in verdict.contributions]) == ("nobody_left", ["a", "b"])
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 1, "decided")]
    assert types(plan) == [EventType.VERDICT_REACHED, EventType.WORK_ORDERED]
    assert plan.events[0].parents == ("label/task-1-a", "label/task-1-b")
    assert run(processor, label("c", **two), now=71_000 + 7 * DAY_MS // 2).events[0].reason == "already_decided"
    assert read(run(processor, now=40 * DAY_MS), "verdicts.demo", Verdict) == []


@pytest.mark.parametrize(
    ("labeled", "decided"),
    [(DAY_MS, DAY_MS + 7 * DAY_MS // 2), (4 * DAY_MS, 7 * DAY_MS * 3 // 4), (6 * DAY_MS, 6 * DAY_MS)],
    ids=["soon", "late", "very late"],
)
def test_where_labels_come_late_they_decide_before_the_mapping_ends(labeled: int, decided: int) -> None:
    processor, two = made(mapping_ms=7 * DAY_MS), {"overlap": 2, "extra": 1, "released_at": 1}
    plans = [run(processor, label("a", span(0, 8), **two), label("b", span(20, 28), **two), now=labeled)]
    if decided > labeled:
        assert read(plans[0], "verdicts.demo", Verdict) == []
        assert run(processor, now=decided - 1).empty
    plans.append(run(processor, now=decided + 60_000))
    (verdict,) = [it for plan in plans for it in read(plan, "verdicts.demo", Verdict)]
    assert verdict.why == "nobody_left"


def test_a_skip_puts_off_neither_the_end_of_a_task_nor_its_verdict() -> None:
    processor, two = made(mapping_ms=7 * DAY_MS), {"overlap": 2, "extra": 1}
    run(processor, label("a", span(0, 8), **two), label("b", **two), label("x", task_id="task-2"), now=1_000)
    skip = {"outcome": LabelOutcome.SKIP, "reason": "unclear"}
    run(processor, label("c", **skip, **two), label("c", task_id="task-2", **skip), now=3 * DAY_MS)
    plan = run(processor, now=70_000 + 7 * DAY_MS // 2)
    assert [it.why for it in read(plan, "verdicts.demo", Verdict)] == ["nobody_left"]
    late = run(processor, now=70_000 + 30 * DAY_MS)
    assert read(late, "work.demo", WorkOrder) == [WorkOrder("task-2", Order.CLOSE, 0, "expired")]


def test_labels_that_are_complete_are_never_dropped_whatever_is_known_of_their_policy() -> None:
    processor, two = made(), {"overlap": 2, "extra": 1}
    run(processor, label("a", span(0, 8), **two), label("b", **two), now=1_000)
    plan = run(processor, now=70_000 + 30 * DAY_MS)
    assert [it.why for it in read(plan, "verdicts.demo", Verdict)] == ["nobody_left"]


def test_agreement_below_the_bar_orders_an_extra_though_every_question_is_answered() -> None:
    three = [label("a", span(0, 8)), label("b", span(0, 8)), label("c", span(20, 28), overlap=3)]
    with_extra = [replace(it, extra=1) for it in three]
    assert read(run(made(), *with_extra), "work.demo", WorkOrder)[0].kind is Order.CLOSE
    plan = run(made(rules=BARRED), *with_extra)
    assert read(plan, "verdicts.demo", Verdict) == []
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.EXTRA, 1, "low_agreement")]
    (event,) = plan.events
    assert float(event.details["agreement"]) < 0.5
    assert event.details["order"] == "extra"


def test_agreement_at_the_bar_is_enough() -> None:
    alike = [label(person, span(0, 8), extra=1) for person in "abc"]
    plan = run(made(rules=Rules(least_agreement=1.0)), *alike)
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 0, "decided")]
    assert plan.events[0].details["agreement"] == "1.0000"
    assert read(plan, "verdicts.demo", Verdict)[0].agreement == 1.0


def test_when_no_extra_is_left_and_there_is_no_adjudicator_the_verdict_says_so() -> None:
    plan = run(made(), label("a", span(0, 4), overlap=2), label("b", overlap=2))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.status, verdict.why) == (VerdictStatus.UNRESOLVED, "nobody_left")
    assert plan.events[0].details["why"] == "nobody_left"


def test_when_no_extra_is_left_an_adjudicator_is_ordered_and_their_answer_stands() -> None:
    processor, two = made(rules=JUDGED), {"overlap": 2, "extra": 1}
    run(processor, label("a", span(0, 8), **two), label("b", **two))
    asked = run(processor, label("c", span(0, 8, "PLACE"), **two))
    assert read(asked, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.ADJUDICATE, 2, "no_majority")]
    assert read(asked, "verdicts.demo", Verdict) == []
    plan = run(processor, label("zoe", span(0, 8, "PLACE"), **two))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.status, verdict.method, verdict.why) == (
        VerdictStatus.ADJUDICATED,
        "adjudicated/1",
        "adjudicated",
    )
    assert [(it.label, it.support, it.reason) for it in verdict.spans] == [("PLACE", 2, "adjudicated")]
    assert [(it.label, it.reason) for it in verdict.rejected] == [("PERSON", "adjudicated")]
    assert (verdict.adjudicator, [it.person for it in verdict.contributions]) == ("zoe", ["a", "b", "c", "zoe"])
    reached = plan.events[0]
    assert (reached.details["adjudicator"], reached.details["persons"]) == ("zoe", "a,b,c,zoe")
    assert reached.parents == ("label/task-1-a", "label/task-1-b", "label/task-1-c", "label/task-1-zoe")


def test_agreement_is_that_of_the_annotators_whatever_the_adjudicator_says() -> None:
    processor, two = made(rules=JUDGED), {"overlap": 2}
    asked = run(processor, label("a", span(0, 8), **two), label("b", span(20, 28), **two))
    plan = run(processor, label("zoe", span(0, 8), **two))
    assert plan.events[0].details["agreement"] == asked.events[0].details["agreement"]


def test_an_answer_of_nobody_who_adjudicates_does_not_settle_it_and_another_adjudicator_is_ordered() -> None:
    processor, two = made(rules=JUDGED), {"overlap": 2}
    run(processor, label("a", span(0, 8), **two), label("b", **two))
    plan = run(processor, label("c", span(20, 28), **two))
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.ADJUDICATE, 2, "low_agreement")]


def test_when_every_adjudicator_has_passed_the_annotators_labels_decide() -> None:
    processor, two = made(rules=JUDGED), {"overlap": 2}
    run(processor, label("a", span(0, 8), **two), label("b", **two))
    skip = {"outcome": LabelOutcome.SKIP, "reason": "unclear", **two}
    assert run(processor, label("zoe", **skip)).events == []
    plan = run(processor, label("yan", **skip))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.status, verdict.why, verdict.adjudicator) == (VerdictStatus.UNRESOLVED, "nobody_left", "")
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 1, "decided")]


def test_a_task_that_waits_for_an_adjudicator_is_decided_when_the_project_has_none_any_more() -> None:
    two = {"overlap": 2}
    before = run(made(rules=JUDGED), label("a", span(0, 8), **two), label("b", **two))
    assert restored(changelog(before), JUDGED).empty
    plan = restored(changelog(before), replace(JUDGED, adjudicators=frozenset()))
    (verdict,) = read(plan, "verdicts.demo", Verdict)
    assert (verdict.why, [it.person for it in verdict.contributions]) == ("nobody_left", ["a", "b"])
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.CLOSE, 1, "decided")]
    assert restored(changelog(before, plan), Rules()).empty


def test_verdicts_follow_the_rules_as_they_are_when_labels_come() -> None:
    now = [Rules()]
    processor = DecideProcessor("demo", CODEC, Standing(), lambda: now[0])
    processor.restore(SLOT, [])
    methods = []
    for task, rules in (("task-1", Rules()), ("task-2", WEIGHED), ("task-3", Rules())):
        now[0] = rules
        plan = run(processor, *(label(person, span(0, 4), task_id=task) for person in "abc"))
        methods.append(read(plan, "verdicts.demo", Verdict)[0].method)
    assert methods == ["majority/1", "dawid-skene/1", "majority/1"]


def test_a_weighed_verdict_cites_the_snapshot_it_rests_on_and_makes_the_next_one() -> None:
    processor = made(rules=WEIGHED)
    plans = [
        run(processor, *(label(person, span(0, 4), task_id=task) for person in "abc"))
        for task in ("task-1", "task-2")
    ]
    verdicts = [read(plan, "verdicts.demo", Verdict)[0] for plan in plans]
    assert [(it.method, it.snapshot) for it in verdicts] == [("dawid-skene/1", 1), ("dawid-skene/1", 2)]
    assert [plan.events[0].details["snapshot"] for plan in plans] == ["1", "2"]
    kept = {it.key: it.value for it in plans[-1].outputs if it.topic == "decide-state.demo"}
    assert CODEC.decode(kept[b"snapshot/reviewers"], ReviewerSnapshot).version == 3
    (of_a,) = [CODEC.decode(value, Reviewer) for key, value in kept.items() if key == b"reviewer/a"]
    assert [(it.question, it.truth, it.answer) for it in of_a.counts if it.count > 1] == [
        ("span/PERSON", "set", "set")
    ]


def test_a_doubt_about_likelihood_has_its_own_word() -> None:
    two = {"overlap": 2, "extra": 1}
    plan = run(made(rules=WEIGHED), label("a", span(0, 4), **two), label("b", **two))
    assert read(plan, "work.demo", WorkOrder) == [WorkOrder("task-1", Order.EXTRA, 1, "not_sure")]


def test_by_majority_nothing_is_kept_about_anyone() -> None:
    plan = run(made(), label("a", span(0, 4)), label("b", span(0, 4)), label("c"))
    assert {it.key for it in plan.outputs if it.topic == "decide-state.demo"} == {b"task/task-1"}
    assert read(plan, "verdicts.demo", Verdict)[0].snapshot == 0


def test_a_label_that_nobody_set_this_time_counts_as_a_place_where_nobody_saw_it() -> None:
    processor = made(rules=WEIGHED)
    run(processor, *(label(person, span(0, 4)) for person in "abc"))
    plan = run(processor, *(label(person, task_id="task-2") for person in "abc"))
    kept = {it.key: it.value for it in plan.outputs if it.topic == "decide-state.demo"}
    counts = CODEC.decode(kept[b"reviewer/a"], Reviewer).counts
    assert [(it.truth, it.answer) for it in counts if it.count == 1.0] == [("not", "not")]
    assert {it.answer for it in CODEC.decode(kept[b"snapshot/reviewers"], ReviewerSnapshot).everyone} == {
        "set",
        "not",
    }


def test_an_adjudication_teaches_what_the_annotators_are_worth() -> None:
    processor, two = made(rules=WEIGHED), {"overlap": 2}
    run(processor, label("a", span(0, 8), **two), label("b", **two))
    plan = run(processor, label("zoe", span(0, 8), **two))
    kept = {it.key: it.value for it in plan.outputs if it.topic == "decide-state.demo"}
    (count,) = CODEC.decode(kept[b"reviewer/b"], Reviewer).counts
    assert (count.truth, count.answer, count.count) == ("set", "not", 1.0)
    assert b"reviewer/zoe" not in kept


@pytest.mark.parametrize("rules", [Rules(), JUDGED, WEIGHED], ids=["majority", "adjudicated", "weighed"])
@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "d", "zoe"]), st.integers(0, 2), st.booleans(), st.booleans()),
        max_size=25,
    )
)
def test_a_restart_after_any_label_goes_on_as_if_there_had_been_none(rules, steps) -> None:
    kept, plans = made(rules=rules), []
    for number, (person, task, marks, skips) in enumerate(steps):
        record = label(
            person,
            *([span(0, 4)] if marks else []),
            task_id=f"task-{task}",
            overlap=2,
            extra=1,
            outcome=LabelOutcome.SKIP if skips else LabelOutcome.LABEL,
        )
        restarted = made(changelog(*plans), rules)
        expected, plan = run(kept, record, now=number), run(restarted, record, now=number)
        assert (plan.outputs, plan.events) == (expected.outputs, expected.events)
        plans.append(plan)
    decided = [it.task_id for plan in plans for it in read(plan, "verdicts.demo", Verdict)]
    assert len(decided) == len(set(decided))
