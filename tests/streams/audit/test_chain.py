from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import AuditEvent, Event, EventType
from schemas.errors import ChainBroken
from schemas.leaf import digest, event_of, leaf
from streams.audit.chain import Chains, ChainVerifier, Head, signer_of, verify_chains
from streams.audit.findings import FindingKind
from streams.engine.chain import Chain
from streams.engine.processor import Slot
from tests.streams.audit.generate import World, pins, random_world, role_key

seeds = st.integers(0, 2**32)
unhurried = settings(deadline=None, max_examples=50)  # a log takes 20 ms to make and verify; machines are shared


def heads_of(events: list[AuditEvent]) -> dict[str, Head]:
    return {event.slot: Head(event.sequence, digest(event)) for event in events}


def near(event: AuditEvent) -> set[str]:
    """The place of an event and of its successor, which holds its hash."""
    return {f"{event.slot}/{event.sequence + step}" for step in (-1, 0, 1)} | {event.slot}


@unhurried
@given(seeds)
def test_random_valid_log_has_no_finding(seed):
    events = random_world(seed).events()
    assert verify_chains(events, pins(), heads_of(events)) == []


@unhurried
@given(seeds, st.data())
def test_flipped_byte_of_any_leaf_is_found_at_its_place(seed, data):
    events = random_world(seed, batches=2).events()
    index = data.draw(st.integers(0, len(events) - 1))
    original = leaf(events[index])
    position = data.draw(st.integers(0, len(original) - 1))
    damaged = bytearray(original)
    damaged[position] ^= data.draw(st.integers(1, 255))
    try:
        event = event_of(bytes(damaged))
    except ChainBroken:
        return  # unreadable: the reader names file and position
    if leaf(event) != bytes(damaged):
        return  # not canonical: the reader names file and position
    changed = [*events[:index], event, *events[index + 1 :]]
    findings = verify_chains(changed, pins(), heads_of(events))
    assert {finding.where for finding in findings} & near(events[index])


@unhurried
@given(seeds, st.data())
def test_dropped_event_is_found_at_its_place(seed, data):
    events = random_world(seed, batches=2).events()
    index = data.draw(st.integers(0, len(events) - 1))
    findings = verify_chains([*events[:index], *events[index + 1 :]], pins(), heads_of(events))
    assert {finding.where for finding in findings} & near(events[index])


@unhurried
@given(seeds, st.data())
def test_repeated_event_is_found_at_its_place(seed, data):
    events = random_world(seed, batches=2).events()
    index = data.draw(st.integers(0, len(events) - 1))
    findings = verify_chains([*events[:index], events[index], *events[index:]], pins())
    assert FindingKind.SEQUENCE in {finding.kind for finding in findings if finding.where in near(events[index])}


@unhurried
@given(seeds, st.data())
def test_two_swapped_events_of_a_slot_are_found_at_their_place(seed, data):
    events = random_world(seed, batches=2).events()
    index = data.draw(st.integers(0, len(events) - 1))
    after = [at for at in range(index + 1, len(events)) if events[at].slot == events[index].slot]
    if not after:
        return
    events[index], events[after[0]] = events[after[0]], events[index]
    findings = verify_chains(events, pins())
    assert {finding.where for finding in findings} & near(events[index])


@unhurried
@given(seeds, st.data())
def test_cut_tail_is_found_against_the_head_that_was_kept(seed, data):
    events = random_world(seed, batches=2).events()
    slot = data.draw(st.sampled_from(sorted({event.slot for event in events})))
    own = [event for event in events if event.slot == slot]
    cut = own[: data.draw(st.integers(0, len(own) - 1))]
    assert verify_chains(cut, pins(), heads_of(own))


@unhurried
@given(seeds)
def test_cut_right_after_a_signed_head_is_a_valid_log_without_a_kept_head(seed):
    verifiers = {}
    for event in random_world(seed, batches=2).events():
        verifier = verifiers.setdefault(event.slot, ChainVerifier(event.slot, pins()))
        assert verifier.add(event) == []
        found = [finding.kind for finding in verifier.end()]
        assert found == ([] if event.head_signature else [FindingKind.UNSEALED])


@pytest.fixture
def world() -> World:
    return random_world(7)


def start_of(world: World, slot: str) -> list[AuditEvent]:
    writer = world.writer(slot)
    writer.commit(
        Event(EventType.PROCESS_STOPPED, f"slot/{slot}"), Event(EventType.PROCESS_STOPPED, f"slot/{slot}")
    )
    return [event for event in world.events() if event.slot == slot]


def kinds(events: list[AuditEvent], trusted: dict[str, bytes] | None = None) -> list[FindingKind]:
    return [finding.kind for finding in verify_chains(events, pins() if trusted is None else trusted)]


def test_role_without_a_pinned_key_is_an_unknown_signer(world):
    trusted = {signer: key for signer, key in pins().items() if signer != "join.demo"}
    events = start_of(world, "join.demo.0")
    assert FindingKind.UNKNOWN_SIGNER in kinds(events, trusted)
    assert FindingKind.HEAD_SIGNATURE in kinds(events, trusted)


def test_certificate_by_another_key_than_the_pinned_one_is_found(world):
    trusted = pins() | {"join.demo": pins()["label.demo"]}
    assert FindingKind.CERTIFICATE in kinds(start_of(world, "join.demo.0"), trusted)


def test_role_cannot_write_into_the_slot_of_another_role(world):
    """A valid chain of label, certified by label's own key, under a slot name of join."""
    own = start_of(world, "label.demo.0")
    forged = [replace(event, slot="join.demo.9") for event in own]
    assert FindingKind.UNKNOWN_SIGNER in kinds(forged)
    assert FindingKind.WRONG_SLOT in kinds(forged)


def test_epoch_that_goes_back_is_found(world):
    events = start_of(world, "join.demo.0")
    world.writer("join.demo.0").start()
    later = start_of(world, "join.demo.0")
    late = replace(events[-1], sequence=later[-1].sequence + 1, previous=digest(later[-1]))
    assert kinds([*later, late])[0] is FindingKind.EPOCH_BACK


def test_second_start_in_an_epoch_is_found(world):
    events = start_of(world, "join.demo.0")
    again = replace(events[0], sequence=events[-1].sequence + 1, previous=digest(events[-1]))
    assert FindingKind.STARTED_AGAIN in kinds([*events, again])


def test_epoch_that_begins_without_certificate_is_found(world):
    events = start_of(world, "join.demo.0")
    assert FindingKind.NOT_STARTED in kinds([replace(events[0], certificate=None), *events[1:]])


def test_new_epoch_after_an_unsigned_head_is_found(world):
    start_of(world, "join.demo.0")
    world.writer("join.demo.0").start()
    events = [event for event in world.events() if event.slot == "join.demo.0"]
    begins = next(at for at, event in enumerate(events) if event.epoch == events[-1].epoch)
    events[begins - 1] = replace(events[begins - 1], head_signature=None)
    assert FindingKind.UNSIGNED_HEAD in kinds(events)


def test_events_at_the_tail_without_a_signed_head_are_unsealed(world):
    events = start_of(world, "join.demo.0")
    assert kinds(events[:-1]) == [FindingKind.UNSEALED]


def test_rewritten_log_is_found_against_a_kept_head_in_its_middle(world):
    events = start_of(world, "join.demo.0")
    kept = {"join.demo.0": Head(events[0].sequence, bytes(32))}
    assert FindingKind.REWRITTEN in [finding.kind for finding in verify_chains(events, pins(), kept)]


def test_slot_that_vanished_is_found_against_its_kept_head():
    findings = verify_chains([], pins(), {"join.demo.0": Head(3, bytes(32))})
    assert [(finding.kind, finding.where) for finding in findings] == [(FindingKind.TRUNCATED, "join.demo.0")]


def test_heads_are_those_of_the_last_events(world):
    events = world.events()
    chains = Chains(pins())
    for event in events:
        chains.add(event)
    assert chains.heads() == heads_of(events)


def test_one_wrong_event_does_not_make_all_later_ones_wrong(world):
    for _ in range(20):
        start_of(world, "join.demo.0")
    events = start_of(world, "join.demo.0")
    events[5] = replace(events[5], reason="another")
    assert len(kinds(events)) <= 2


def test_sealed_head_is_the_last_signed_event(world):
    events = start_of(world, "join.demo.0")
    verifier = ChainVerifier("join.demo.0", pins())
    for event in events[:-1]:
        verifier.add(event)
    assert verifier.sealed.sequence < verifier.head.sequence


@pytest.mark.parametrize(
    ("slot", "signer"),
    [
        ("redact.demo.0", "redact.demo"),
        ("person.ada.5f", "ada"),
        ("person.redact.demo.0", None),
        ("redact.0", None),
        ("", None),
    ],
)
def test_slot_names_its_one_signer(slot, signer):
    assert signer_of(slot) == signer


def test_slot_of_a_person_holds_under_the_persons_own_key():
    slot = Slot("person.ada.5f", 1, "person.ada", "demo")
    chain = Chain(slot, None, "ada", role_key("ada").sign)
    linked = chain.extend([chain.started({}), Event(EventType.POLICY_PUBLISHED, "policy/1")], 1)
    events = [one.event for one in linked]
    assert kinds(events, {"ada": role_key("ada").public_key().public_bytes_raw()}) == []
