from __future__ import annotations

from dataclasses import replace

import pytest

from schemas import durations
from schemas.audit import Decision, EventType
from schemas.control import ControlKind
from schemas.errors import Reason, Refused
from schemas.metrics import Cell
from schemas.records import LabelOutcome, LabelSpan, Order, WorkOrder
from schemas.resources import task_ids
from streams.label.commands import (
    CountTasks,
    Heartbeat,
    Held,
    LeaseTask,
    Release,
    ReleaseReason,
    Report,
    ReportReason,
    Result,
    Skip,
    SkipReason,
    Submit,
    Unopenable,
)
from streams.label.settings import QueueSettings
from streams.watch.ledger import Ledger
from streams.watch.windows import Arrival, Timed
from tests.streams.label.conftest import PROJECT
from tests.streams.watch.month import Writing
from topology.jobs import Job

RESULT = Result((LabelSpan("text", 0, 10, "NAME"),), {"tone": "calm"})


def lease(tiny, person="ada"):
    leased = tiny.ask(LeaseTask(person))
    return Held(person, leased.lease.lease_id, leased.lease.fencing_token)


def submit(held, result=RESULT, key=b"k", body=b"b"):
    return Submit(held, result, key, body)


def refusal(tiny, command):
    with pytest.raises(Refused) as caught:
        tiny.ask(command)
    return caught.value.reason


def test_lease_commits_its_view_event_and_names_the_task(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    event = tiny.events[-1]
    assert (event.type, event.person, event.decision) == (EventType.TASK_VIEWED, "ada", Decision.ALLOW)
    assert event.resource == f"task/{1:032x}"
    assert f"lease/{held.lease_id}" in event.parents
    assert "segment/redact.demo.0/1/1" in event.parents
    assert event.bundle == "bundle-1"


def test_asking_again_returns_the_open_lease_and_audits_the_second_view(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    assert lease(tiny) == lease(tiny)
    assert tiny.types() == [EventType.TASK_VIEWED] * 2
    assert tiny.events[-1].details["again"] == "true"


def test_frozen_nobody_gets_a_new_lease_and_who_has_one_may_finish(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    held = lease(tiny)
    tiny.frozen_by = ("olga", "grace")
    tiny.control("freeze/demo")
    assert "frozen by olga and grace" in tiny.notice
    assert tiny.stands
    assert lease(tiny) == held
    assert tiny.ask(LeaseTask("bob")) is None
    assert tiny.ask(submit(held)).task_id == held.lease_id.rpartition("-")[0]
    assert tiny.ask(LeaseTask("ada")) is None

    tiny.frozen_by = ()
    tiny.control("freeze/demo")
    assert (tiny.notice, tiny.stands) == ("", False)
    assert lease(tiny, "bob").lease_id


def test_submit_writes_one_label_with_what_decide_and_join_need(tiny, make_task):
    tiny.give(make_task(1, overlap=2))
    came = tiny.clock.now()
    held = lease(tiny)
    ended = tiny.ask(submit(held))
    (label,) = tiny.labels()
    assert (label.label_id, label.outcome, label.person) == (held.lease_id, LabelOutcome.LABEL, "ada")
    assert label.released_at == came
    assert (label.spans, label.choices) == (RESULT.spans, RESULT.choices)
    assert (label.segment_id, label.overlap, label.submitted_at) == ("redact.demo.0/1/1", 2, ended.ended_at)
    assert tiny.events[-1].type is EventType.LABEL_SUBMITTED
    assert tiny.events[-1].parents == (f"lease/{held.lease_id}", f"task/{1:032x}")


def test_of_a_tasks_first_label_the_audit_says_how_long_the_task_had_waited_for_it(tiny, make_task):
    tiny.give(make_task(1, overlap=2))
    skipped = lease(tiny, "eve")
    tiny.ask(Skip(skipped, SkipReason.UNCLEAR))
    tiny.clock.ms += 60_000
    held = lease(tiny)
    tiny.restart()
    tiny.ask(submit(held))
    tiny.ask(submit(lease(tiny, "bob")))
    first, second = (it for it in tiny.events if it.type is EventType.LABEL_SUBMITTED)
    assert first.details == durations.waited(60_000)
    assert second.details == {}


def test_every_event_about_a_task_names_it(tiny, make_task):
    tiny.give(*(make_task(number, overlap=3) for number in range(1, 6)))
    tiny.ask(Heartbeat(lease(tiny)))
    tiny.ask(Skip(lease(tiny), SkipReason.UNCLEAR))
    tiny.ask(Release(lease(tiny), ReleaseReason.BREAK))
    tiny.ask(submit(lease(tiny)))
    tiny.ask(Report(lease(tiny), ReportReason.SECRET))
    tiny.clock.ms += 10_000_000
    tiny.batch()
    tiny.give(WorkOrder(f"{2:032x}", Order.CLOSE))
    assert all(task_ids(event) for event in tiny.events)


def test_submit_repeated_after_close_and_restart_is_answered_alike_without_a_second_label(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    first = tiny.ask(submit(held))
    tiny.give(WorkOrder(held.lease_id.split("-")[0], Order.CLOSE, 0, "decided"))
    tiny.restart()
    again = tiny.ask(submit(held))
    assert (again.lease_id, again.ended_at, again.replayed) == (first.lease_id, first.ended_at, True)
    assert len(tiny.labels()) == 1
    assert tiny.types().count(EventType.LABEL_SUBMITTED) == 1


def test_submit_after_the_receipt_ended_finds_no_lease(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.ask(submit(held))
    tiny.give(WorkOrder(f"{1:032x}", Order.CLOSE))
    tiny.clock.ms += QueueSettings().receipt_ms
    assert refusal(tiny, submit(held)) is Reason.UNKNOWN_LEASE


def test_same_key_with_another_body_conflicts(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    held = lease(tiny)
    tiny.ask(submit(held))
    assert refusal(tiny, submit(held, body=b"other")) is Reason.IDEMPOTENCY_CONFLICT
    assert refusal(tiny, submit(lease(tiny))) is Reason.IDEMPOTENCY_CONFLICT


def test_other_key_for_a_labeled_lease_is_refused(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.ask(submit(held))
    assert refusal(tiny, submit(held, key=b"other")) is Reason.ALREADY_SUBMITTED


def test_expired_lease_is_audited_and_its_submit_refused_and_the_task_goes_to_another(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.clock.ms += QueueSettings().lease_ms
    assert refusal(tiny, submit(held)) is Reason.LEASE_EXPIRED
    assert EventType.LEASE_EXPIRED in tiny.types()
    other = lease(tiny, "bob")
    assert other.fencing_token > held.fencing_token
    assert refusal(tiny, submit(Held("ada", held.lease_id, other.fencing_token))) is Reason.STALE_TOKEN
    assert tiny.labels() == []


def test_heartbeat_keeps_a_lease_but_not_beyond_its_longest_life(tiny, make_task):
    tiny.give(make_task(1))
    held, settings = lease(tiny), QueueSettings()
    start = tiny.clock.ms
    while tiny.clock.ms - start < settings.lease_max_ms - settings.lease_ms // 2:
        tiny.clock.ms += settings.lease_ms // 2
        expires_at = tiny.ask(Heartbeat(held)).lease.expires_at
    assert expires_at == start + settings.lease_max_ms
    tiny.clock.ms = expires_at
    assert refusal(tiny, Heartbeat(held)) is Reason.LEASE_EXPIRED


def test_invalid_answer_leaves_the_lease_open(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    bad = Result((LabelSpan("text", 0, 99, "NAME"),), {})
    assert refusal(tiny, submit(held, bad)) is Reason.SPAN_OUT_OF_RANGE
    tiny.ask(submit(held))
    assert len(tiny.labels()) == 1


def test_skipper_never_gets_the_task_again_and_releaser_gets_it_last(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    first = lease(tiny)
    tiny.ask(Release(first, ReleaseReason.BREAK))
    second = lease(tiny)
    assert second.lease_id.startswith(f"{2:032x}")
    tiny.ask(Skip(second, SkipReason.DISTRESSING))
    assert lease(tiny).lease_id.startswith(f"{1:032x}")
    assert [label.outcome for label in tiny.labels()] == [LabelOutcome.SKIP]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_task_that_was_given_back_has_its_turn_a_day_later_however_many_have_come(
    tiny_with, make_task, clock, restarted
):
    """Two people of whom each task wants two labels, and a backlog that never ends."""
    tiny = tiny_with(QueueSettings(rest_ms=1_000))
    tiny.give(make_task(1), make_task(2), make_task(3), make_task(4))
    tiny.ask(Release(lease(tiny), ReleaseReason.BREAK))
    clock.ms += 999
    held = lease(tiny)
    assert held.lease_id.startswith(f"{2:032x}")
    tiny.ask(Skip(held, SkipReason.UNCLEAR))
    clock.ms += 1
    if restarted:
        tiny.restart()
    assert lease(tiny).lease_id.startswith(f"{1:032x}")


def test_task_given_back_too_often_does_not_come_again(tiny_with, make_task):
    tiny = tiny_with(QueueSettings(max_returns=2))
    tiny.give(make_task(1))
    for _ in range(2):
        tiny.ask(Release(lease(tiny), ReleaseReason.BREAK))
    assert tiny.ask(LeaseTask("ada")) is None


def test_overlap_counts_open_leases_and_an_extra_makes_room_for_one_more(tiny, make_task):
    tiny.give(make_task(1, overlap=1))
    lease(tiny)
    assert tiny.ask(LeaseTask("bob")) is None
    tiny.give(WorkOrder(f"{1:032x}", Order.EXTRA, 1))
    lease(tiny, "bob")
    assert tiny.ask(LeaseTask("eve")) is None
    tiny.give(WorkOrder(f"{1:032x}", Order.EXTRA, 1))
    assert tiny.ask(LeaseTask("eve")) is None


def test_close_ends_open_leases(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.give(WorkOrder(f"{1:032x}", Order.CLOSE, 0, "decided"))
    assert refusal(tiny, submit(held)) is Reason.TASK_CLOSED
    assert (tiny.events[-1].type, tiny.events[-1].reason) == (EventType.TASK_CLOSED, "decided")


def test_report_pulls_the_task_from_everyone_and_orders_its_withdrawal(tiny, make_task):
    tiny.give(make_task(1, overlap=3))
    ada, bob = lease(tiny), lease(tiny, "bob")
    marks = (LabelSpan("text", 0, 3, ""),)
    tiny.ask(Report(ada, ReportReason.PERSONAL_DATA, marks))
    assert refusal(tiny, submit(bob)) is Reason.WITHDRAWN
    assert tiny.ask(LeaseTask("eve")) is None
    assert tiny.evicted == [f"{1:032x}"]
    (label,) = tiny.labels()
    assert (label.outcome, label.reason, label.spans[0].end) == (LabelOutcome.REPORT, "personal_data", 3)
    keys = [one.key.decode() for one in tiny.committed if one.topic == "control"]
    assert keys == [f"{ControlKind.WITHDRAW}/demo/{1:032x}/label.demo"]
    tiny.withdrawn.add(f"{1:032x}")
    tiny.control(f"withdraw/demo/{1:032x}")
    tiny.control(f"withdraw/demo/{1:032x}")
    assert tiny.types().count(EventType.TASK_WITHDRAWN) == 1


def test_report_leaves_a_find_in_the_same_transaction_and_once(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    command = Report(held, ReportReason.PERSONAL_DATA, (LabelSpan("text", 0, 3, ""),))
    tiny.ask(command)
    tiny.ask(command)
    (find,) = [one for one in tiny.committed if one.topic == "finds.demo"]
    assert find.key.decode() == held.lease_id


def test_report_repeated_is_answered_alike(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.ask(Report(held, ReportReason.SECRET))
    assert tiny.ask(Report(held, ReportReason.SECRET)).replayed
    assert len(tiny.labels()) == 1


MARKED = (LabelSpan("text", 0, 3, ""), LabelSpan("text", 5, 6, ""))


def test_report_of_the_same_marks_is_the_same_report_in_whatever_order_and_after_a_restart(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.ask(Report(held, ReportReason.SECRET, MARKED))
    tiny.restart()
    assert tiny.ask(Report(held, ReportReason.SECRET, MARKED[::-1])).replayed
    assert len(tiny.labels()) == 1


@pytest.mark.parametrize(
    ("reason", "marks"),
    [
        (ReportReason.SECRET, MARKED[:1]),
        (ReportReason.SECRET, ()),
        (ReportReason.SECRET, (LabelSpan("text", 0, 4, ""), MARKED[1])),
        (ReportReason.PERSONAL_DATA, MARKED),
    ],
)
def test_report_in_other_words_is_never_answered_as_taken(tiny, make_task, reason, marks):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.ask(Report(held, ReportReason.SECRET, MARKED))
    assert refusal(tiny, Report(held, reason, marks)) is Reason.ALREADY_SUBMITTED
    (find,) = [one for one in tiny.committed if one.topic == "finds.demo"]
    assert find.key.decode() == held.lease_id
    assert len(tiny.labels()) == 1


def test_withdrawal_from_control_takes_the_task_and_is_acknowledged(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.withdrawn.add(f"{1:032x}")
    tiny.control(f"withdraw/demo/{1:032x}", "withdraw/other/ff", "policy/demo/ab")
    assert (tiny.events[-1].type, tiny.events[-1].details) == (EventType.TASK_WITHDRAWN, {"held": "true"})
    assert refusal(tiny, submit(held)) is Reason.WITHDRAWN


def withdrawals_told(events) -> int:
    """As watch counts them."""
    said = [Writing("label.demo").event(it.type, it.resource, 0, details=it.details) for it in events]
    tallies = Ledger().count([Timed(0, Arrival(0, at, 0, it)) for at, it in enumerate(said)])
    return sum(it.cells[Cell.WITHDRAWALS] for it in tallies.values())


def test_withdrawals_that_control_shows_again_after_a_start_count_as_those_that_took_a_task(tiny, make_task):
    tasks = [f"{number:032x}" for number in range(1, 31)]
    orders = [f"withdraw/demo/{task}" for task in tasks]
    tiny.give(*(make_task(number) for number in range(1, 13)))
    tiny.withdrawn.update(tasks)
    tiny.control(*orders)
    assert withdrawals_told(tiny.events) == 12
    tiny.clock.ms += tiny.settings.queue.receipt_ms + 1
    tiny.batch()
    tiny.restart()
    before = len(tiny.events)
    tiny.control(*orders)
    assert len(tiny.events) == before + 30, "all are acknowledged again"
    assert withdrawals_told(tiny.events) == 12


def test_task_withdrawn_while_nobody_was_here_is_gone_after_restore(tiny, make_task):
    tiny.give(make_task(1))
    tiny.withdrawn.add(f"{1:032x}")
    tiny.restart()
    assert tiny.events[-1].type is EventType.TASK_WITHDRAWN
    assert tiny.ask(LeaseTask("ada")) is None


def test_task_arriving_after_its_withdrawal_is_not_queued(tiny, make_task):
    tiny.withdrawn.add(f"{1:032x}")
    tiny.give(make_task(1))
    assert tiny.types() == [EventType.TASK_WITHDRAWN]
    assert tiny.ask(LeaseTask("ada")) is None


def test_unopenable_task_is_ended_for_everyone(tiny, make_task):
    tiny.give(make_task(1, overlap=2))
    held = lease(tiny)
    tiny.ask(Unopenable(held, Reason.UNDECRYPTABLE))
    assert tiny.types()[-2:] == [EventType.RECORD_REFUSED, EventType.TASK_WITHDRAWN]
    assert tiny.ask(LeaseTask("bob")) is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", Reason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x01cut", Reason.UNDECODABLE),
        (b"\x00\x00\x00\xff\x01x", Reason.UNKNOWN_SCHEMA),
        (WorkOrder("unknown", Order.CLOSE), Reason.UNKNOWN_TASK),
    ],
)
def test_bad_record_is_refused_by_place_and_the_next_one_is_taken(tiny, make_task, record, reason):
    tiny.give(record, make_task(1))
    (event,) = tiny.events
    assert (event.type, event.reason) == (EventType.RECORD_REFUSED, reason)
    assert event.resource.startswith("message/")
    lease(tiny)


def test_duplicate_task_is_refused(tiny, make_task):
    tiny.give(make_task(1), make_task(1))
    assert tiny.events[-1].reason == Reason.DUPLICATE


def test_foreign_lease_is_refused_and_audited_but_does_not_flood_the_audit(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    foreign = Held("eve", held.lease_id, held.fencing_token)
    for _ in range(50):
        assert refusal(tiny, submit(foreign)) is Reason.NOT_PERMITTED
    denied = [event for event in tiny.events if event.type is EventType.ACCESS_DENIED]
    assert len(denied) == 10
    assert (denied[0].person, denied[0].decision) == ("eve", Decision.DENY)
    tiny.clock.ms += 60_000
    assert refusal(tiny, submit(foreign)) is Reason.NOT_PERMITTED
    assert tiny.events[-1].details == {"suppressed": "40"}


def test_unknown_leases_are_refused(tiny, make_task):
    tiny.give(make_task(1))
    for name in ("", "-", "x", "x-1", f"{1:032x}-7", f"{1:032x}-٣", "-" * 3, f"{1:032x}-" + "9" * 400):
        assert refusal(tiny, Heartbeat(Held("ada", name, 1))) is Reason.UNKNOWN_LEASE


def test_a_lease_has_one_name(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    task_id, _, token = held.lease_id.rpartition("-")
    other = replace(held, lease_id=f"{task_id}-0{token}")
    assert refusal(tiny, submit(other)) is Reason.UNKNOWN_LEASE
    assert tiny.ask(submit(held)).task_id == task_id


def test_unknown_policy_is_asked_for_again_and_the_lease_stays(tiny, make_task):
    tiny.give(make_task(1, policy="policy-2"))
    held = lease(tiny)
    assert refusal(tiny, submit(held)) is Reason.NO_POLICY
    tiny.policies["policy-2"] = tiny.policies["policy-1"]
    tiny.ask(submit(held))


def test_full_window_holds_tasks_but_never_orders(tiny_with, make_task):
    tiny = tiny_with(QueueSettings(window=2))
    assert tiny.processor.held == frozenset()
    tiny.give(make_task(1), make_task(2))
    assert tiny.processor.held == {"tasks.demo"}
    tiny.ask(submit(lease(tiny)))
    assert tiny.processor.held == frozenset()


def test_tasks_nobody_present_may_take_are_parked_and_make_room(tiny_with, make_task):
    tiny = tiny_with(QueueSettings(window=2))
    tiny.give(make_task(1, overlap=2), make_task(2, overlap=2))
    for number in range(2):
        tiny.ask(submit(lease(tiny), key=bytes([number])))
    assert tiny.ask(LeaseTask("ada")) is None
    counts = tiny.ask(CountTasks())
    assert (counts.available, counts.parked) == (0, 2)
    assert tiny.processor.held == frozenset()
    lease(tiny, "bob")
    assert tiny.ask(CountTasks()).parked == 0


def test_large_contents_fill_the_window(tiny_with, make_task):
    tiny = tiny_with(QueueSettings(window_bytes=6))
    tiny.give(make_task(1))
    assert tiny.processor.held == {"tasks.demo"}


def test_heartbeat_does_not_write_the_content_again(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.committed.clear()
    tiny.ask(Heartbeat(held))
    assert [one.key for one in tiny.committed] == [f"work/{1:032x}".encode()]


def test_idle_batch_writes_nothing(tiny, make_task):
    tiny.give(make_task(1))
    lease(tiny)
    written = len(tiny.committed)
    tiny.batch()
    assert len(tiny.committed) == written


def test_job_is_said_before_the_first_view_under_it_and_after_each_start(tiny, make_task):
    first, second = Job(1, b"1", "a" * 64, signed=True), Job(2, b"2", "b" * 64)
    tiny.project = replace(PROJECT, job=first, hash="1")
    tiny.give(make_task(1))
    tiny.ask(LeaseTask("ada"))
    tiny.project = replace(PROJECT, job=second, hash="1")
    tiny.give()
    tiny.project = replace(PROJECT, job=second, hash="2")
    tiny.give()
    tiny.give()
    tiny.restart()
    tiny.give()
    adopted = [event for event in tiny.events if event.type is EventType.JOB_ADOPTED]
    said = [(event.details["job"][0], event.details["project"]) for event in adopted]
    assert said == [("a", "1"), ("b", "1"), ("b", "2"), ("b", "2")]
    assert adopted[0].details == {"version": "1", "job": "a" * 64, "signed": "true", "project": "1"}
    assert tiny.types().index(EventType.JOB_ADOPTED) < tiny.types().index(EventType.TASK_VIEWED)


def test_project_without_a_job_says_so_in_its_health(tiny, make_task):
    tiny.closed = "no labeling job is in force"
    tiny.give(make_task(2))
    assert tiny.stands
    tiny.frozen_by = ("olga",)
    tiny.give(make_task(1))
    assert tiny.notice.startswith("frozen by olga: ")
    assert tiny.notice.endswith("; no labeling job is in force")
