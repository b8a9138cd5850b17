from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import VaultUnavailable
from schemas.records import SegmentEntry, SlotEpoch
from schemas.states import KeptSegment, SegmentStage
from streams.engine.messages import Message
from streams.keeper.holdings import Holdings
from streams.keeper.lifetimes import Lifetimes
from tests.streams.keeper.making import ALWAYS, CODEC, FOREVER, SEGMENTS, SLOT, Rig, documents, index, joined
from vault.segments.document import Layer
from vault.segments.halves import HOUR_MS

ONE, TWO = index(0, "a", "b"), index(1, "c", created=9)
S1, S2 = ONE.segment_id, TWO.segment_id
FINISHES = replace(ALWAYS, lifetimes=Lifetimes(retention_ms=5, hard_ttl_ms=FOREVER, forget_ms=FOREVER))


def rounds(rig: Rig, count: int) -> None:
    for _ in range(count):
        rig.round()


def state_of(rig: Rig) -> Holdings:
    holdings = Holdings("demo", CODEC)
    for message in rig.changelog:
        holdings.apply(message)
    return holdings


def test_a_segment_stays_until_its_last_task_is_joined_and_its_retention_over() -> None:
    rig = Rig(FINISHES)
    rig.write(ONE)
    rig.tell(joined("a", S1))
    rounds(rig, 20)
    assert rig.has(S1) == set(Layer)
    rig.tell(joined("b", S1))
    rounds(rig, 4)
    assert rig.has(S1) == set(Layer)
    rounds(rig, 4)
    assert rig.has(S1) == set()
    assert rig.said() == [("segment.destroyed", f"segment/{S1}", "finished")]
    assert rig.committed_segments() == {}
    rig.round()
    assert not list(state_of(rig).segments.items())


def test_the_intent_is_committed_before_anything_is_destroyed() -> None:
    rig = Rig(replace(ALWAYS, lifetimes=Lifetimes(0, FOREVER, FOREVER)))
    rig.write(index(0, "a"))
    rig.tell(joined("a", S1))
    rig.round()
    segment = state_of(rig).segments.get(S1)
    assert segment is not None
    assert (segment.stage, segment.reason) == (SegmentStage.DOOMED, "finished")
    assert rig.has(S1) == set(Layer)
    assert rig.said() == []


def test_joined_labels_read_before_their_index_count() -> None:
    rig = Rig(FINISHES)
    rig.tell(joined("b", S1), joined("a", S1))
    rig.round()
    rig.write(ONE)
    rounds(rig, 10)
    assert rig.said() == [("segment.destroyed", f"segment/{S1}", "finished")]


def test_tasks_that_are_never_joined_leave_with_the_ttl_of_their_segment() -> None:
    rig = Rig()
    rig.write(replace(ONE, expires_at=6))
    rounds(rig, 8)
    assert rig.has(S1) == set()
    assert rig.said() == [("segment.destroyed", f"segment/{S1}", "expired")]


def test_a_withdrawn_task_leaves_all_layers_and_the_index_and_the_others_stay() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.withdraw("a")
    assert rig.said() == []
    rig.round()
    assert all(rig.tasks_in(S1, layer) == {"b"} for layer in Layer)
    assert rig.committed_segments()[S1].entries == (SegmentEntry("b"),)
    assert rig.said() == [
        ("segment.rewritten", f"segment/{S1}", "withdrawn"),
        ("task.withdrawn", "task/a", "withdrawn"),
    ]
    assert all(len(versions) == 1 for versions in rig.vault.store.documents.values())
    rounds(rig, 3)
    rig.start()
    rounds(rig, 3)
    assert len(rig.events) == 2


def test_withdrawing_the_last_task_destroys_the_segment() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.withdraw("a", "b")
    rounds(rig, 3)
    assert (rig.has(S1), rig.committed_segments()) == (set(), {})
    assert [it[0] for it in rig.said()] == ["segment.destroyed", "task.withdrawn", "task.withdrawn"]


def test_a_withdrawal_that_comes_before_its_segment_is_carried_out_when_it_comes() -> None:
    rig = Rig()
    rig.withdraw("a")
    rounds(rig, 2)
    rig.write(ONE)
    rounds(rig, 2)
    assert rig.tasks_in(S1, Layer.VIEW) == {"b"}
    assert rig.said()[-1] == ("task.withdrawn", "task/a", "withdrawn")


def test_after_a_withdrawal_the_rest_still_finishes() -> None:
    rig = Rig(FINISHES)
    rig.write(ONE)
    rig.tell(joined("b", S1))
    rig.round()
    rig.withdraw("a")
    rounds(rig, 12)
    assert rig.said()[-1] == ("segment.destroyed", f"segment/{S1}", "finished")


def test_a_joined_label_of_a_withdrawn_task_or_a_destroyed_segment_changes_nothing() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.withdraw("a")
    rig.round()
    rig.tell(joined("a", S1))
    rounds(rig, 2)
    assert rig.has(S1) == set(Layer)
    kept = state_of(rig).segments.get(S1)
    assert kept is not None
    assert kept.remaining == ("b",)


def test_a_document_that_nobody_can_read_does_not_outlive_a_withdrawal_from_it() -> None:
    rig = Rig()
    rig.vault.create(f"view/{S1}", b"garbled")
    rig.tell(ONE)
    rig.round()
    rig.withdraw("a")
    rig.round()
    assert rig.has(S1) == set()


def test_an_orphan_goes_once_its_slot_has_a_later_epoch_and_is_audited() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.vault.create_all(documents(S2, "c")[:2])
    rounds(rig, 5)
    assert rig.has(S2) == {Layer.VIEW, Layer.GEOMETRY}
    rig.tell(SlotEpoch(SLOT, 2))
    rounds(rig, 3)
    assert (rig.has(S1), rig.has(S2)) == (set(Layer), set())
    assert rig.said() == [("segment.destroyed", f"segment/{S2}", "orphan")]
    assert [key for key, _ in state_of(rig).segments.items()] == [S1]


def test_documents_whose_slot_never_comes_back_leave_with_the_hard_ttl() -> None:
    rig = Rig(replace(ALWAYS, lifetimes=Lifetimes(FOREVER, 10, FOREVER)))
    rig.vault.create_all(documents("gone.demo.0/1/0", "x"))
    rounds(rig, 9)
    assert rig.has("gone.demo.0/1/0") == set(Layer)
    rounds(rig, 5)
    assert rig.has("gone.demo.0/1/0") == set()


def test_a_scan_that_finds_nothing_suspicious_does_not_read_the_topic_again() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.segments_now = None
    rig.round()


def test_folders_are_listed_at_start_and_by_interval_not_on_each_empty_batch() -> None:
    listed: list[str] = []
    rig = Rig(replace(ALWAYS, scan_ms=10))
    rig.vault.hook = lambda moment, what, where: listed.append(where) if what == "list" else None
    rounds(rig, 9)
    assert len(listed) == 2 * 5
    rounds(rig, 3)
    assert len(listed) == 4 * 5


def test_halves_leave_with_the_ttl_after_their_hour() -> None:
    rig = Rig(replace(ALWAYS, lifetimes=Lifetimes(FOREVER, 10, FOREVER)))
    path = f"half-a/{SLOT}/0/tag"
    rig.vault.create(path, b"wrapped")
    rounds(rig, 3)
    assert rig.vault.names("half-a") == [path]
    rig.now_ms = HOUR_MS + 10
    rounds(rig, 2)
    assert rig.vault.names("half-a") == []
    assert rig.said() == [("segment.destroyed", f"slot/{SLOT}", "expired")]
    assert len(state_of(rig).halves) == 0


@pytest.mark.parametrize(
    "message",
    [
        Message(SEGMENTS, 0, 7, S1.encode(), b"nonsense"),
        Message(SEGMENTS, 0, 7, b"redact.demo.0/1/5", CODEC.encode(ONE)),
        Message(SEGMENTS, 0, 7, b"epoch/other.demo.0", CODEC.encode(SlotEpoch(SLOT, 3))),
        Message(SEGMENTS, 0, 7, b"epoch/other.demo.0", None),
        Message("joined.demo", 0, 7, b"a", b"nonsense"),
    ],
)
def test_foreign_records_are_refused_with_their_place_and_the_rest_goes_on(message) -> None:
    rig = Rig()
    rig.tell(message)
    rig.write(TWO)
    rig.round()
    assert [(it.type.value, it.outcome, it.details["offset"]) for it in rig.events] == [
        ("record.refused", "refused", "7")
    ]
    assert S2 in state_of(rig).segments


def test_a_rewritten_index_read_back_behind_its_tombstone_revives_nothing() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.withdraw("a")
    rig.round()
    rig.withdraw("b")
    rounds(rig, 3)
    assert not list(state_of(rig).segments.items())
    assert [it[0] for it in rig.said()].count("segment.destroyed") == 1


def test_a_vault_that_does_not_answer_changes_nothing_and_the_next_round_goes_on() -> None:
    rig = Rig()
    rig.write(ONE)
    rig.round()
    rig.withdraw("a")

    def sealed(moment: str, operation: str, path: str) -> None:
        if operation == "replace" and path.startswith("values/"):
            raise VaultUnavailable("sealed")

    rig.vault.hook = sealed
    for _ in range(3):
        with pytest.raises(VaultUnavailable):
            rig.round()
    rig.vault.hook = lambda *_: None
    rig.round()
    assert [it[0] for it in rig.said()] == ["segment.rewritten", "task.withdrawn"]


def test_no_more_segments_than_the_limit_are_destroyed_in_one_round() -> None:
    rig = Rig(replace(ALWAYS, lifetimes=Lifetimes(0, FOREVER, FOREVER), destroy_limit=2))
    for sequence in range(5):
        rig.write(index(sequence))
    rig.round()
    counts = [len(rig.vault.names("view")) for _ in range(3) if rig.round()]
    assert counts == [3, 1, 0]


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 4)),
    st.tuples(st.just("join"), st.integers(0, 14)),
    st.tuples(st.just("withdraw"), st.integers(0, 14)),
    st.tuples(st.just("epoch"), st.integers(1, 3)),
    st.tuples(st.just("round"), st.just(0)),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_a_restart_after_every_step_goes_on_as_if_there_had_been_none(steps) -> None:
    rigs = [Rig(FINISHES), Rig(FINISHES)]
    for what, number in steps:
        for rig, restarts in zip(rigs, (False, True), strict=True):
            take(rig, what, number)
            if restarts:
                rig.start()
    for rig in rigs:
        rounds(rig, 10)
    one, other = rigs
    assert one.said() == other.said()
    assert one.vault.store.latest.keys() == other.vault.store.latest.keys()
    assert one.committed_segments() == other.committed_segments()
    assert segments_in(one) == segments_in(other)


def segments_in(rig: Rig) -> dict[str, KeptSegment]:
    return {key: replace(it, since=0, finished_at=0) for key, it in state_of(rig).segments.items()}


def take(rig: Rig, what: str, number: int) -> None:
    if what == "write":
        segment = index(number, *(f"t{number * 3 + it}" for it in range(3)), created=number)
        if not any(it.key == segment.segment_id.encode() for it in rig.log):
            rig.write(segment)
    elif what == "join":
        rig.tell(joined(f"t{number}", f"{SLOT}/1/{number // 3}"))
    elif what == "withdraw":
        rig.withdraw(f"t{number}")
    elif what == "epoch":
        rig.tell(SlotEpoch(SLOT, number))
    else:
        rig.round()
