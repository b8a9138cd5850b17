"""An audit whose beginning has expired: what is there is checked as ever, what is gone is not missed."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import AuditEvent, EventType
from streams.audit.beginnings import TASK_LIFE_MS, Beginnings, is_whole
from streams.audit.chain import Chains
from streams.audit.findings import FindingKind
from streams.audit.recent import Recent
from streams.audit.reconcile import Reconciler, Reconciliation
from streams.audit.verify import Trust, verify_export
from tests.streams.audit.generate import PROJECT, pins, random_world
from tests.streams.audit.memory_audit import PINS, MemoryAudit, MemoryStore

DAY_MS = 24 * 3_600_000
Partitions = dict[int, list[AuditEvent]]


def aged(seed: int) -> Partitions:
    """A world's events by partition."""
    found: Partitions = {}
    for it in random_world(seed, batches=4).placed():
        found.setdefault(it.partition, []).append(it.event)
    return found


def accounted(left: Partitions, late: set[int]) -> tuple[list, Reconciliation, Beginnings]:
    """As `veil audit reconcile` reads it."""
    begin, chains, reconciler = Beginnings(segment_ms=0), Chains(pins()), Reconciler(PROJECT)
    for partition in late:
        begin.late(str(partition), "gone")
    found = []
    for partition, events in left.items():
        for event in events:
            begin.take(str(partition), event.time)
            found += chains.add(event, late=begin.is_late(str(partition)))
            reconciler.add(event)
    found += chains.end()
    return found, reconciler.result(since=begin.since), begin


def expired(partitions: Partitions, cuts: dict[int, int]) -> Partitions:
    return {number: events[cuts.get(number, 0) :] for number, events in partitions.items()}


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_an_expired_beginning_is_no_finding(seed, data):
    """Kafka takes the oldest of each partition: all before some moment, and in each a little less or more."""
    partitions = aged(seed)
    times = sorted(event.time for events in partitions.values() for event in events)
    before = times[data.draw(st.integers(0, len(times) - 1))]
    late = data.draw(st.sets(st.sampled_from(sorted(partitions)), min_size=1))
    cuts = {n: sum(event.time < before for event in partitions[n]) for n in late}
    left = {n: events for n, events in expired(partitions, cuts).items() if events}
    late = {n for n in late if cuts[n] and n in left}
    if any(cuts[n] and n not in left for n in cuts):
        return  # all of a partition is gone: `segment_ms` is for that
    findings, result, _ = accounted(left, late)
    assert findings == []
    assert result.findings == ()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_younger_than_the_beginnings_is_checked_as_ever(seed):
    partitions = aged(seed)
    number = max(partitions, key=lambda it: len(partitions[it]))
    cut = len(partitions[number]) // 4
    whole = accounted(expired(partitions, {number: cut}), {number})[1]
    events = partitions[number][cut:]
    at = Random(seed).randrange(len(events) // 2, len(events) - 1)
    found, _, _ = accounted({**partitions, number: [*events[:at], *events[at + 1 :]]}, {number})
    assert {it.kind for it in found} & {FindingKind.SEQUENCE, FindingKind.PREVIOUS}
    assert whole.holds


def test_label_of_a_young_task_that_nobody_viewed_is_a_finding_and_of_an_old_one_is_not():
    partitions = aged(1)
    views = [e for events in partitions.values() for e in events if e.type is EventType.TASK_VIEWED]
    unseen = views[-1]
    left = {n: [e for e in events if e is not unseen] for n, events in partitions.items()}
    young, old = min(events[0].time for events in left.values()), unseen.time + 1
    for since, kinds in ((young, {FindingKind.NOT_VIEWED}), (old, set())):
        reconciler = Reconciler(PROJECT)
        for events in left.values():
            for event in events:
                reconciler.add(event)
        assert {it.kind for it in reconciler.result(since=since).findings} == kinds


def test_what_speaks_of_a_task_without_a_batch_long_after_the_beginnings_is_a_finding():
    partitions = aged(2)
    left = {n: [e for e in events if e.type is not EventType.BATCH_REDACTED] for n, events in partitions.items()}
    first = min(event.time for events in left.values() for event in events)
    for since, expected in ((first, set()), (first - TASK_LIFE_MS - DAY_MS, {FindingKind.NO_ORIGIN})):
        reconciler = Reconciler(PROJECT)
        for events in left.values():
            for event in events:
                reconciler.add(event)
        result = reconciler.result(since=since)
        assert {it.kind for it in result.findings} == expected
        assert (result.expired > 0) == (expected == set())
        assert result.open_tasks == 0


def test_what_lacks_its_other_half_is_expired_before_the_beginnings_awaited_while_recent_else_a_finding():
    partitions = aged(2)
    left = {n: [e for e in events if e.type is not EventType.BATCH_REDACTED] for n, events in partitions.items()}
    reconciler = Reconciler(PROJECT)
    for events in left.values():
        for event in events:
            reconciler.add(event)
    times = [event.time for events in left.values() for event in events]
    whole, all_of_it = min(times) - TASK_LIFE_MS, Recent(min(times), max(times))
    gone = reconciler.result(since=min(times), recent=all_of_it)
    assert (gone.findings, gone.awaited) == ((), ())
    coming = reconciler.result(since=whole, recent=all_of_it)
    assert coming.findings == ()
    assert {it.kind for it in coming.awaited} == {FindingKind.NO_ORIGIN}
    assert coming.expired == 0
    assert reconciler.result(since=whole).findings == coming.awaited


def test_heads_of_a_process_whose_start_has_expired_are_counted_and_those_after_its_next_start_checked():
    partitions = aged(3)
    number = max(partitions, key=lambda it: len(partitions[it]))
    events = partitions[number]
    slot = events[-1].slot
    own = [event for event in events if event.slot == slot][3:]
    chains = Chains(pins())
    assert [it for event in own for it in chains.add(event, late=True)] + chains.end() == []
    until = next((at for at, event in enumerate(own) if event.type is EventType.PROCESS_STARTED), len(own))
    heads = sum(event.head_signature is not None for event in own[:until])
    assert chains.unproven() == ({slot: heads} if heads else {})


def test_without_an_expired_beginning_a_slot_begins_with_its_first_event():
    partitions = aged(3)
    chains = Chains(pins())
    found = [it for events in partitions.values() for event in events[4:] for it in chains.add(event)]
    assert FindingKind.SEQUENCE in {it.kind for it in found}


def test_from_when_on_everything_is_there():
    begin = Beginnings(segment_ms=10)
    assert begin.since == 0
    begin.take("a", 100)
    begin.take("a", 50)
    begin.take("b", 400)
    assert begin.since == 0
    begin.late("b", "gone")
    assert begin.since == 400
    begin.late("a", "gone")
    begin.late("c", "gone, all of it")
    assert begin.since == 400
    alone = Beginnings(segment_ms=10)
    alone.late("c", "gone, all of it")
    assert alone.since == 0
    alone.take("a", 100)
    assert alone.since == 110


def test_nothing_is_whole_that_reaches_behind():
    assert is_whole(0, 0)
    assert not is_whole(99, 100)
    assert is_whole(100, 100)
    assert not is_whole(149, 100, reach=50)
    assert is_whole(150, 100, reach=50)


def sealed_late(seed: int) -> tuple[MemoryAudit, MemoryAudit]:
    """An audit, and what a restore of its backup seals anew when a quarter of a partition had expired."""
    whole = MemoryAudit().take(random_world(seed, batches=6).placed())
    left = MemoryAudit()
    for place, values in whole.partitions.items():
        left.add(place.topic, place.partition, *values[len(values) // 4 :])
    return whole, left


def test_new_export_of_what_has_begun_to_expire_says_that_it_is_the_beginning_which_is_gone():
    audit = MemoryAudit().take(random_world(11, batches=6).placed())
    checkpoints = audit.checkpoints()
    audit.expired = {place: len(values) // 3 for place, values in audit.partitions.items()}
    store = MemoryStore()
    done = audit.export(store, checkpoints)
    assert {(it.kind, it.where) for it in done.findings} == {
        (FindingKind.EXPIRED, f"{place.topic}-{place.partition}") for place in audit.partitions
    }
    assert done.events == 0
    assert verify_export(store, Trust(PINS)).findings == ()


def test_export_that_is_further_than_what_has_expired_goes_on_and_verifies_whole():
    audit = MemoryAudit().take(random_world(11, batches=6).placed())
    store = MemoryStore()
    half = {place: len(values) // 2 for place, values in audit.partitions.items()}
    audit.export(store, audit.checkpoints(half))
    checkpoints = audit.checkpoints()
    audit.expired = {place: len(values) // 3 for place, values in audit.partitions.items()}
    assert audit.export(store, checkpoints).findings == ()
    found = verify_export(store, Trust(PINS))
    assert (found.findings, found.expired) == ((), ())
    assert found.entries == sum(map(len, audit.partitions.values()))


def test_what_a_restore_seals_anew_of_an_audit_that_had_begun_to_expire_verifies():
    whole, left = sealed_late(7)
    store = MemoryStore()
    left.export(store)
    found = verify_export(store, Trust(PINS))
    assert found.findings == ()
    assert {it.kind for it in found.expired} == {FindingKind.EXPIRED}
    assert found.entries < sum(map(len, whole.partitions.values()))
