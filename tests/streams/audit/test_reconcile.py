from __future__ import annotations

import tracemalloc
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import AuditEvent, BatchCoverage, Event, EventType, OffsetOutcome, RawOutcome
from schemas.resources import (
    batch_resource,
    control_resource,
    joined_resource,
    message_resource,
    raw_resource,
    task_resource,
)
from streams.audit import report
from streams.audit.findings import FindingKind
from streams.audit.reconcile import Reconciler, Reconciliation, reconcile
from tests.streams.audit.generate import PROJECT, World, random_world
from topology.writers import BY_PERSONS

RAW = f"raw.{PROJECT}"


def kinds(result: Reconciliation) -> set[FindingKind]:
    return {finding.kind for finding in result.findings}


def check(world: World) -> Reconciliation:
    return reconcile(world.events(), PROJECT)


@pytest.fixture
def world() -> World:
    return World(Random(5))


@pytest.fixture
def task(world: World) -> str:
    """A task viewed and labeled by three persons, with a verdict, joined."""
    task_id = one_task(world)
    labels = world.label(task_id, ("ana", "ben", "cem"))
    world.decide(task_id, labels)
    world.join(task_id)
    return task_id


def one_task(world: World) -> str:
    tasks: list[str] = []
    while not tasks:
        tasks = world.redact("redact.demo.0", 0, 1)
    return tasks[0]


def say(world: World, kind: EventType, resource: str, role: str = "label", **rest: object) -> AuditEvent:
    return world.writer(f"{role}.demo.0").commit(Event(kind, resource, **rest))[0]


def batch(first: int, next_offset: int, *outcomes: OffsetOutcome, partition: int = 0) -> BatchCoverage:
    return BatchCoverage(RAW, partition, first, next_offset, outcomes)


def redacted(world: World, covered: BatchCoverage | None, role: str = "redact") -> None:
    resource = batch_resource(RAW, 0, 0, 1)
    say(world, EventType.BATCH_REDACTED, resource, role, batch=covered, details={"overlap": "3"})


def dropped(offset: int, revision: int = 1) -> OffsetOutcome:
    return OffsetOutcome(offset, RawOutcome.DROPPED, reason="policy_drop", revision=revision)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_random_valid_log_reconciles_with_what_truly_happened(seed):
    made = random_world(seed)
    result = check(made)
    assert result.findings == ()
    assert (result.views, result.labels) == (made.counts["views"], made.counts["labels"])
    assert (result.verdicts, result.joined) == (made.counts["verdicts"], made.counts["joined"])
    assert result.gold == made.counts["gold"]
    assert result.tasks == len(made.origins) == made.counts[RawOutcome.TASK]
    assert result.quarantined == made.counts[RawOutcome.QUARANTINED]
    assert result.records == result.tasks + result.quarantined + result.dropped
    assert result.unjoined == result.verdicts - result.joined - result.gold
    assert result.open_tasks == result.tasks - result.verdicts
    assert result.unlimited == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_order_between_slots_does_not_matter(seed, random):
    """The slots, each in its order, interleaved at random."""
    made = random_world(seed, batches=2)
    slots: dict[str, list[AuditEvent]] = {}
    for event in made.events():
        slots.setdefault(event.slot, []).append(event)
    turns = [slot for slot, events in slots.items() for _ in events]
    random.shuffle(turns)
    mixed = [slots[slot].pop(0) for slot in turns]
    assert reconcile(mixed, PROJECT).findings == ()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.data())
def test_dropped_batch_event_of_the_middle_is_a_gap(seed, data):
    events = random_world(seed, batches=6).events()
    batches = [event for event in events if event.batch and event.batch.partition == 0]
    batches.sort(key=lambda event: event.batch.first)
    if len(batches) < 3:
        return
    gone = data.draw(st.sampled_from(batches[1:-1]))
    result = reconcile([event for event in events if event is not gone], PROJECT)
    assert f"{RAW}/0/{gone.batch.first}" in {it.where for it in result.findings if it.kind is FindingKind.GAP}


def test_whole_life_of_a_task_holds(world, task):
    result = check(world)
    assert result.holds
    assert (result.tasks, result.labels, result.verdicts, result.joined) == (1, 3, 1, 1)
    assert (result.open_tasks, result.unjoined) == (0, 0)


def test_tasks_that_only_wait_are_counted_and_take_little_memory():
    outcomes = tuple(OffsetOutcome(at, RawOutcome.TASK, f"{at:032x}") for at in range(20_000))
    world = World(Random(5))
    redacted(world, batch(0, len(outcomes), *outcomes))
    (event,) = (it for it in world.events() if it.batch)
    reconciler = Reconciler(PROJECT)
    tracemalloc.start()
    reconciler.add(event)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result = reconciler.result()
    assert result.holds
    assert (result.open_tasks, result.tasks, result.unlimited) == (len(outcomes), len(outcomes), 0)
    assert size < 200 * len(outcomes)  # the ids are the event's


def test_batch_event_that_is_there_twice_is_covered_twice(world):
    redacted(world, batch(0, 1, dropped(0)))
    redacted(world, batch(0, 1, dropped(0)))
    assert kinds(check(world)) == {FindingKind.COVERED_TWICE}


def test_partition_that_ends_before_the_expected_offset_is_a_gap(world):
    redacted(world, batch(0, 1, dropped(0)))
    result = reconcile(world.events(), PROJECT, {(RAW, 0): 2, (RAW, 1): 1, (RAW, 2): 0})
    assert sorted(it.where for it in result.findings) == [f"{RAW}/0/1", f"{RAW}/1"]


@pytest.mark.parametrize(
    "covered",
    [
        batch(0, 2, dropped(0)),
        batch(0, 1, dropped(0), dropped(1)),
        batch(0, 1, dropped(0), dropped(0)),
        batch(3, 3),
        batch(0, 1, OffsetOutcome(0, RawOutcome.TASK)),
        batch(0, 1, OffsetOutcome(0, RawOutcome.TASK, task_id="a", reason="bad_json")),
        batch(0, 1, OffsetOutcome(0, RawOutcome.QUARANTINED)),
        batch(0, 1, OffsetOutcome(0, RawOutcome.EMPTY, task_id="a")),
        batch(0, 1, dropped(0, revision=0)),
        batch(0, 2, dropped(0), dropped(1, revision=2)),
        BatchCoverage("raw.other", 0, 0, 1, (dropped(0),)),
        None,
    ],
)
def test_batch_that_contradicts_itself_is_found(world, covered):
    redacted(world, covered)
    assert FindingKind.BATCH in kinds(check(world))


def test_second_revision_of_a_covered_offset_holds(world):
    redacted(world, batch(0, 2, dropped(0), dropped(1)))
    redacted(world, batch(1, 2, OffsetOutcome(1, RawOutcome.TASK, task_id="a", revision=2)))
    assert check(world).holds


def test_revision_that_comes_twice_is_covered_twice(world):
    redacted(world, batch(0, 1, dropped(0)))
    redacted(world, batch(0, 1, dropped(0, revision=2)))
    redacted(world, batch(0, 1, dropped(0, revision=2)))
    assert kinds(check(world)) == {FindingKind.COVERED_TWICE}


@pytest.mark.parametrize("revision", [2, 3])
def test_revision_without_the_one_before_is_found(world, revision):
    redacted(world, batch(0, 1, dropped(0)))
    redacted(world, batch(5, 6, dropped(5, revision=revision)))
    assert kinds(check(world)) == {FindingKind.REVISION}


def test_task_id_from_two_records_is_found(world):
    same = (OffsetOutcome(at, RawOutcome.TASK, task_id="a") for at in (0, 1))
    redacted(world, batch(0, 2, *same))
    assert kinds(check(world)) == {FindingKind.TWO_ORIGINS}


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (EventType.TASK_VIEWED, "label"),
        (EventType.WORK_ORDERED, "decide"),
        (EventType.TASK_CLOSED, "label"),
    ],
)
def test_event_of_a_task_without_origin_is_found(world, kind, role):
    event = say(world, kind, task_resource("ghost"), role, person="ana")
    result = check(world)
    assert kinds(result) == {FindingKind.NO_ORIGIN}
    assert event.event_id in result.findings[0].text


def test_label_verdict_and_join_of_a_task_without_origin_are_found(world):
    world.view("ghost", "ghost-1", "ana")
    world.submit("ghost", "ghost-1", "ana")
    assert kinds(check(world)) == {FindingKind.NO_ORIGIN}
    say(world, EventType.LABEL_JOINED, joined_resource("phantom"), "join")
    assert kinds(check(world)) == {FindingKind.NO_ORIGIN, FindingKind.NO_VERDICT}


def test_event_that_names_no_task_is_found(world):
    say(world, EventType.TASK_VIEWED, "lease/1", person="ana")
    assert kinds(check(world)) == {FindingKind.NO_TASK}


def test_label_without_a_view_is_found(world):
    task_id = one_task(world)
    world.submit(task_id, f"{task_id}-1", "ana")
    assert kinds(check(world)) == {FindingKind.NOT_VIEWED}


def test_view_of_another_person_does_not_count(world):
    task_id = one_task(world)
    world.view(task_id, f"{task_id}-1", "ben")
    world.submit(task_id, f"{task_id}-1", "ana")
    assert kinds(check(world)) == {FindingKind.NOT_VIEWED}


def test_view_after_the_label_does_not_count(world):
    task_id = one_task(world)
    world.submit(task_id, f"{task_id}-1", "ana")
    world.view(task_id, f"{task_id}-1", "ana")
    assert kinds(check(world)) == {FindingKind.NOT_VIEWED}


def test_clock_that_goes_back_within_a_slot_is_no_finding(world, task):
    late = [replace(event, time=10**15 - event.sequence) for event in world.events()]
    assert reconcile(late, PROJECT).holds


def test_second_label_of_a_person_is_found(world, task):
    world.submit(task, f"{task}-8", "ana")
    assert FindingKind.LABELED_TWICE in kinds(check(world))


def test_label_id_that_comes_twice_is_found(world, task):
    world.submit(task, f"{task}-0", "ana")
    assert kinds(check(world)) == {FindingKind.LABELED_TWICE}


def test_more_labels_than_overlap_and_extras_are_found(world, task):
    world.view(task, f"{task}-9", "dan")
    world.submit(task, f"{task}-9", "dan")
    assert FindingKind.TOO_MANY_LABELS in kinds(check(world))


def test_extra_label_that_decide_granted_holds(world):
    task_id = one_task(world)
    details = {"order": "extra", "granted": "1"}
    say(world, EventType.WORK_ORDERED, task_resource(task_id), "decide", details=details)
    labels = world.label(task_id, ("ana", "ben", "cem", "dan"))
    world.decide(task_id, labels, granted=1)
    assert check(world).holds


def test_batch_that_states_no_overlap_leaves_the_limit_unchecked_and_says_so(world):
    covered = batch(0, 1, OffsetOutcome(0, RawOutcome.TASK, task_id="a"))
    say(world, EventType.BATCH_REDACTED, batch_resource(RAW, 0, 0, 1), "redact", batch=covered)
    result = check(world)
    assert (result.holds, result.unlimited) == (True, 1)
    assert "not checked" in report.text(result)


def test_second_verdict_is_found(world, task):
    world.decide(task, [f"{task}-{token}" for token in range(3)])
    assert kinds(check(world)) == {FindingKind.TWO_VERDICTS}


def test_verdict_on_labels_nobody_submitted_is_found(world):
    task_id = one_task(world)
    world.decide(task_id, ["never"])
    assert kinds(check(world)) == {FindingKind.MISSING_LABELS}


def test_verdict_that_cites_no_labels_is_found(world):
    world.decide(one_task(world), [])
    assert kinds(check(world)) == {FindingKind.MISSING_LABELS}


def test_second_joined_label_is_found(world, task):
    world.join(task)
    assert kinds(check(world)) == {FindingKind.TWO_JOINED}


def test_gold_is_scored_in_place_of_being_joined(world):
    task_id = one_task(world)
    world.decide(task_id, world.label(task_id, ("ana", "ben", "cem")))
    world.score(task_id)
    result = check(world)
    assert (result.holds, result.verdicts, result.joined, result.gold, result.unjoined) == (True, 1, 0, 1, 0)
    assert "1 of gold and scored" in report.text(result)
    world.score(task_id)
    assert kinds(check(world)) == {FindingKind.TWO_JOINED}


def test_gold_that_is_joined_too_is_found(world, task):
    world.score(task)
    assert kinds(check(world)) == {FindingKind.GOLD_JOINED}


def test_gold_of_another_record_or_without_a_verdict_is_found(world):
    task_id = one_task(world)
    world.origins[task_id] = replace(world.origins[task_id], offset=999)
    world.score(task_id)
    assert kinds(check(world)) == {FindingKind.NO_ORIGIN, FindingKind.NO_VERDICT}


def test_label_joined_to_another_record_is_found(world):
    task_id = one_task(world)
    world.decide(task_id, world.label(task_id, ("ana", "ben", "cem")))
    world.origins[task_id] = replace(world.origins[task_id], offset=999)
    world.join(task_id)
    assert kinds(check(world)) == {FindingKind.NO_ORIGIN}


def test_withdrawn_task_is_counted_and_no_longer_open(world):
    task_id = one_task(world)
    say(world, EventType.TASK_WITHDRAWN, task_resource(task_id))
    say(world, EventType.TASK_WITHDRAWN, task_resource(task_id), "join")
    result = check(world)
    assert (result.holds, result.withdrawn, result.open_tasks) == (True, 1, 0)


def test_withdrawal_of_a_task_that_never_was_is_no_finding(world):
    say(world, EventType.TASK_WITHDRAWN, task_resource("ghost"))
    result = check(world)
    assert (result.holds, result.withdrawn) == (True, 0)


def test_view_after_the_withdrawal_is_found(world):
    task_id = one_task(world)
    say(world, EventType.TASK_WITHDRAWN, task_resource(task_id))
    world.view(task_id, f"{task_id}-1", "ana")
    assert kinds(check(world)) == {FindingKind.VIEWED_AFTER_WITHDRAWAL}


def test_event_of_another_roles_trade_is_found(world):
    redacted(world, batch(0, 1, dropped(0)), role="label")
    assert kinds(check(world)) == {FindingKind.WRONG_WRITER}


@pytest.mark.parametrize("kind", sorted(BY_PERSONS))
def test_a_persons_order_is_theirs_to_write(world, kind):
    order = Event(kind, control_resource("an/order"), person="olga")
    world.writer("person.olga.x").commit(order)
    assert check(world).holds
    world.writer("person.rob.x").commit(order)
    world.writer("join.demo.0").commit(order)
    result = check(world)
    assert [it.kind for it in result.findings] == [FindingKind.WRONG_WRITER] * 2


def test_event_of_another_project_is_found(world, task):
    events = [replace(event, process=event.process.replace("demo", "other")) for event in world.events()]
    assert FindingKind.WRONG_WRITER in kinds(reconcile(events, PROJECT))


def test_lost_record_is_found(world):
    say(world, EventType.RECORD_LOST, message_resource(RAW, 0, 3), "redact")
    assert kinds(check(world)) == {FindingKind.LOST}


def test_verdict_that_join_refused_is_not_under_way(world):
    task_id = one_task(world)
    world.decide(task_id, world.label(task_id, ("ana", "ben", "cem")))
    assert check(world).unjoined == 1
    say(
        world,
        EventType.RECORD_REFUSED,
        message_resource("verdicts.demo", 0, 3),
        "join",
        parents=(task_resource(task_id),),
    )
    result = check(world)
    assert (result.holds, result.unjoined, result.refused) == (True, 0, 1)


def test_absurd_number_in_the_details_is_ignored(world):
    task_id = one_task(world)
    details = {"granted": "9" * 5000}
    say(world, EventType.WORK_ORDERED, task_resource(task_id), "decide", details=details)
    assert check(world).holds


def test_report_of_a_log_that_holds_says_what_came_in_and_out(world, task):
    text = report.text(check(world))
    assert "the audit adds up" in text
    assert "1 task," in text
    assert "3 labels" in text


def test_report_of_a_broken_log_names_the_first_findings_and_counts_the_rest(world):
    for number in range(report.MOST_FINDINGS + 5):
        say(world, EventType.TASK_VIEWED, task_resource(f"ghost{number:02}"), person="ana")
    text = report.text(check(world))
    assert "does NOT add up: 25 findings" in text
    assert "and 5 more findings" in text


def test_json_has_every_count_and_every_finding(world, task):
    world.join(task)
    found = report.as_json(check(world))
    assert found["holds"] is False
    assert found["joined"] == 2
    assert found["findings"] == [{"kind": "two_joined", "where": task_resource(task), "text": "2 joined labels"}]
    first = world.origins[task].offset
    assert found["covered"] == {f"{RAW}/0": {"first": 0, "next": first + 1}}
    assert raw_resource(world.origins[task]) == f"raw/{RAW}/0/{first}/1"


def test_label_that_decide_refused_does_not_hide_a_verdict_under_way(world):
    task_id = one_task(world)
    world.decide(task_id, world.label(task_id, ("ana", "ben", "cem")))
    resource = message_resource("labels.demo", 0, 3)
    say(world, EventType.RECORD_REFUSED, resource, "decide", parents=(task_resource(task_id),))
    assert check(world).unjoined == 1
