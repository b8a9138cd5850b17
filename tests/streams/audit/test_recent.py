"""What is read or sealed while everybody works: each partition up to a moment of its own, amid a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import AuditEvent, Event, EventType
from schemas.resources import label_resource, lease_resource, task_resource
from streams.audit.chain import Chains
from streams.audit.findings import Finding, FindingKind
from streams.audit.recent import GRACE_MS, recent
from streams.audit.signed import MOST, Signed
from streams.audit.verify import Depth, Part, Trust, Verification, verify_export
from streams.engine.messages import TopicPartition
from tests.streams.audit.generate import PROJECT, World, partition_of, pins, random_world
from tests.streams.audit.memory_audit import PINS, MemoryAudit, MemoryStore

TOPIC = f"audit.{PROJECT}"
WITHIN_MS = 1_000
"""Of one another are the latest checkpoints of partitions that grow."""
Sizes = dict[TopicPartition, int]


def whole(world: World) -> Sizes:
    return {TopicPartition(TOPIC, partition): len(log) for partition, log in world.partitions.items()}


def up_to(world: World, cuts: dict[int, int]) -> Sizes:
    """What each partition had at its time."""
    return {
        TopicPartition(TOPIC, partition): sum(event.time <= cuts[partition] for event in log)
        for partition, log in world.partitions.items()
    }


def verified(world: World, sizes: Sizes, now: int | None = None, depth: Depth = Depth.WHOLE) -> Verification:
    audit, store = MemoryAudit().take(world.placed()), MemoryStore()
    assert audit.export(store, audit.checkpoints(sizes)).findings == ()
    return verify_export(store, Trust(PINS), Part(depth), now=now)


def kinds(found: Iterable[Finding]) -> list[FindingKind]:
    return [finding.kind for finding in found]


def later(world: World, milliseconds: int) -> None:
    """Time passes, and somebody does something that has nothing to do with what was before."""
    world.time += milliseconds
    world.redact("redact.demo.0", 0, 1)


def verdict_on_nothing(world: World) -> str:
    """Decide says what it has not: a verdict on labels nobody submitted."""
    while not (tasks := world.redact("redact.demo.0", 0, 1)):
        pass
    world.decide(tasks[0], ["nobody's"])
    return tasks[0]


def forged(world: World, slot: str, time: int) -> AuditEvent:
    """An unsigned event at a slot's end, as whoever may write to the topic makes it of what is there."""
    log = world.partitions[partition_of(slot)]
    last = [event for event in log if event.slot == slot][-1]
    chained = world.writers[slot].chain
    assert chained is not None
    event = replace(
        last,
        sequence=last.sequence + 1,
        previous=chained.state(positioned=True).head,
        time=time,
        type=EventType.TASK_CLOSED,
        resource=next(task_resource(it) for it in world.origins),
        parents=(),
        batch=None,
        certificate=None,
        head_signature=None,
    )
    log.append(event)
    return event


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 20), st.integers(0, 2**32))
def test_partitions_that_were_sealed_within_a_second_hold(seed: int, cut: int) -> None:
    world, random = random_world(seed, batches=4), Random(cut)
    times = [event.time for event in world.events()]
    base = random.randint(min(times), max(times) + WITHIN_MS)
    sizes = up_to(world, {it: base - random.randint(0, WITHIN_MS) for it in world.partitions})
    found = verified(world, {it: max(0, size - random.randint(0, 1)) for it, size in sizes.items()}, base)
    assert found.findings == ()
    end = verified(world, whole(world), max(times))
    assert (end.findings, end.awaited) == ((), ())


def test_what_was_sealed_of_several_moments_is_awaited_not_overlooked() -> None:
    """Else the property above would hold of logs that are never cut where it matters."""
    world, seen = random_world(11, batches=8), set[FindingKind]()
    times = [event.time for event in world.events()]
    for at in range(min(times) + WITHIN_MS, max(times), (max(times) - min(times)) // 60):
        for behind in world.partitions:
            cuts = {it: at - (WITHIN_MS if it == behind else 0) for it in world.partitions}
            found = verified(world, up_to(world, cuts), at)
            assert found.findings == ()
            assert kinds(found.awaited) == kinds(verified(world, up_to(world, cuts)).findings)
            seen |= set(kinds(found.awaited))
    assert {FindingKind.MISSING_LABELS, FindingKind.NO_ORIGIN, FindingKind.TOO_MANY_LABELS} <= seen


@pytest.mark.parametrize("depth", [Depth.CHAINS, Depth.WHOLE])
def test_a_checkpoint_amid_a_transaction_holds_and_counts_nothing_of_it(depth: Depth) -> None:
    world, cut = random_world(5, batches=3), 0
    for partition, log in world.partitions.items():
        place = TopicPartition(TOPIC, partition)
        for at, event in enumerate(log):
            if event.head_signature is not None:
                continue
            cut += 1
            # What comes later is on no partition: only the transaction is cut.
            sizes = up_to(world, dict.fromkeys(world.partitions, event.time - 1)) | {place: at + 1}
            found = verified(world, sizes, event.time, depth)
            assert (found.findings, kinds(found.awaited)) == ((), [FindingKind.UNSEALED])
            before = verified(world, sizes | {place: at}, event.time, depth)
            assert found.reconciliations == before.reconciliations
    assert cut


@pytest.mark.parametrize("passed", [0, GRACE_MS // 2, GRACE_MS + 60_000])
def test_an_event_that_somebody_added_without_a_signature_is_a_finding_once_it_is_old(passed: int) -> None:
    world = random_world(5, batches=3)
    forged(world, "label.demo.0", world.time)
    later(world, passed)
    found = verified(world, whole(world), world.time)
    old = passed > GRACE_MS
    assert FindingKind.UNSEALED in kinds(found.findings if old else found.awaited)
    assert found.holds != old


def test_an_event_that_somebody_added_is_a_finding_as_soon_as_its_slot_goes_on() -> None:
    world = random_world(5, batches=3)
    forged(world, "label.demo.0", world.time)
    world.writer("label.demo.0").commit(Event(EventType.TASK_CLOSED, task_resource(next(iter(world.origins)))))
    assert FindingKind.SEQUENCE in kinds(verified(world, whole(world), world.time).findings)


def test_who_reads_the_log_as_it_is_finds_it_after_a_minute_though_nothing_has_happened_since() -> None:
    world = random_world(5, batches=3)
    forged(world, "label.demo.0", world.time)
    chains = Chains(pins())
    assert [finding for event in world.events() for finding in chains.add(event)] == []
    for passed, awaited in ((GRACE_MS, 1), (GRACE_MS + 1, 0)):
        since = recent(world.time + passed, world.time + passed)
        assert (len(chains.awaited(since)), len(chains.end(since))) == (awaited, 1 - awaited)


def test_a_time_that_nobody_can_have_written_excuses_nothing() -> None:
    """Neither of what has no signature, nor, of what has one, anything: the newest entry then is a lie."""
    world = random_world(5, batches=3)
    now = world.time
    forged(world, "label.demo.0", now + 10 * GRACE_MS)
    assert kinds(verified(world, whole(world), now).findings) == [FindingKind.UNSEALED]
    world = random_world(5, batches=3)
    world.time += 10 * GRACE_MS
    verdict_on_nothing(world)
    found = verified(world, whole(world), now)
    assert (kinds(found.findings), found.awaited) == ([FindingKind.MISSING_LABELS], ())


def test_events_without_a_signature_that_are_of_two_times_are_no_transaction() -> None:
    world = random_world(5, batches=3)
    first = forged(world, "label.demo.0", world.time)
    log = world.partitions[partition_of(first.slot)]
    log.append(replace(first, sequence=first.sequence + 1, time=first.time + 1))
    assert FindingKind.UNSEALED in kinds(verified(world, whole(world), world.time).findings)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10), st.integers(0, 2**32))
def test_what_nobody_will_bear_out_is_a_finding_once_it_is_old_wherever_the_logs_end(seed: int, cut: int) -> None:
    world, random = World(Random(seed)), Random(cut)
    task = verdict_on_nothing(world)
    assert kinds(verified(world, whole(world), world.time).awaited) == [FindingKind.MISSING_LABELS]
    world.time += GRACE_MS
    for _ in range(3):
        later(world, 1_000)
    base = world.time
    found = verified(
        world, up_to(world, {it: base - random.randint(0, WITHIN_MS) for it in world.partitions}), base
    )
    assert [(one.kind, one.where) for one in found.findings] == [(FindingKind.MISSING_LABELS, task_resource(task))]


def test_a_label_too_many_is_not_excused_by_a_later_one() -> None:
    """Else whoever may write labels keeps it from being found by one more each minute."""
    world = World(Random(5))
    task = world.redact("redact.demo.0", 0, 5)[0]
    world.label(task, ("ana", "ben", "cem", "dan"))
    world.time += 2 * GRACE_MS
    parents = (lease_resource(f"{task}-9"), task_resource(task))
    for kind, resource in ((EventType.TASK_VIEWED, task_resource(task)), (EventType.LABEL_SUBMITTED, "")):
        named = resource or label_resource(f"{task}-9")
        world.writer("label.demo.0").commit(Event(kind, named, person="eva", parents=parents))
    assert kinds(verified(world, whole(world), world.time).findings) == [FindingKind.TOO_MANY_LABELS]


def test_what_can_never_come_right_is_a_finding_at_once() -> None:
    world = World(Random(5))
    task = world.redact("redact.demo.0", 0, 5)[0]
    world.decide(task, [])
    world.join(task)
    world.join(task)
    found = verified(world, whole(world), world.time)
    assert kinds(found.findings) == [FindingKind.MISSING_LABELS, FindingKind.TWO_JOINED]


def test_events_are_given_on_once_they_are_signed_and_a_flood_of_others_is_not_held_back() -> None:
    world = World(Random(5))
    task = world.redact("redact.demo.0", 0, 5)[0]
    world.decide(task, [])
    of_decide = [event for event in world.events() if event.slot == "decide.demo.0"]
    signed = Signed()
    assert [len(signed.by(event)) for event in of_decide] == [1, 0, 2]
    assert sum(len(signed.by(replace(of_decide[1], sequence=it))) for it in range(MOST)) == MOST
