"""A person's tasks leave, also those that come later; said when nothing more of theirs can come up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.control import read_revocation, withdrawn_task
from schemas.errors import VaultUnavailable
from schemas.records import ControlState, SlotEpoch
from schemas.states import KeptErasure
from streams.keeper.erasing import AT_ONCE, PREFIX
from streams.keeper.erasures import PATIENCE_MS
from tests.streams.keeper.making import ALWAYS, CODEC, SLOT, Rig, documents, index, joined
from tests.streams.keeper.test_crashes import Fault, outcome, rig_with, survive
from vault.segments.document import Layer

ANN, BEN = "a1" * 32, "be" * 32
OF_ANN = f"control/erase/demo/{ANN}"
MIXED = index(1, "a", "b", of={"a": [ANN], "b": [BEN]})
LATER = index(2, "c", created=9, of={"c": [ANN, BEN]})
SCANS_RARELY = replace(ALWAYS, scan_ms=10**9)


def rounds(rig: Rig, count: int = 6) -> None:
    for _ in range(count):
        rig.round()


def begun(rig: Rig, erasures: int = 0, sequence: int = 0) -> None:
    """The slot's epoch, or what it says when it has taken erasures up."""
    rig.tell(SlotEpoch(SLOT, 1, erasures, sequence))


def erase(rig: Rig, *subjects: str) -> None:
    rig.erased += subjects
    rig.commit(rig.keeper.control([f"erase/demo/{one}" for one in subjects]))


def erased(rig: Rig) -> list[tuple[str, str, str]]:
    found = [it for it in rig.events if it.type == "subject.erased"]
    return [(it.resource.removeprefix("control/erase/demo/"), *it.details.values()) for it in found]


def orders(rig: Rig) -> list[ControlState]:
    return [CODEC.decode(it.value, ControlState) for it in rig.changelog if it.topic == "control"]


def kept(rig: Rig) -> dict[str, KeptErasure]:
    found = {}
    for message in rig.changelog:
        if message.key.startswith(PREFIX.encode()):
            found[message.key.decode().removeprefix(PREFIX)] = CODEC.decode(message.value, KeptErasure)
    return found


def ready() -> Rig:
    """A redact slot with two segments, of which one names Ann, and one both."""
    rig = Rig(SCANS_RARELY)
    begun(rig)
    rig.write(MIXED)
    rig.write(LATER)
    rounds(rig, 2)
    return rig


def test_tasks_that_name_the_person_are_withdrawn_by_keepers_own_order_and_the_others_stay():
    rig = ready()
    erase(rig, ANN)
    rounds(rig)
    assert {withdrawn_task(it.key, "demo") for it in orders(rig)} == {"a", "c"}
    assert {(it.signer, it.signature, read_revocation(it.body)) for it in orders(rig)} == {
        ("keeper.demo", b"signed", "subject_request")
    }
    assert (rig.tasks_in(MIXED.segment_id, Layer.VALUES), rig.has(LATER.segment_id)) == ({"b"}, set())
    ordered = [it for it in rig.events if it.type == "withdrawal.ordered"]
    assert {it.parents for it in ordered} == {
        (f"control/withdraw/demo/{task}/keeper.demo", OF_ANN) for task in ("a", "c")
    }
    assert {it.resource for it in rig.events if it.type == "task.withdrawn"} == {"task/a", "task/c"}


def test_it_is_over_when_the_slot_has_taken_it_up_and_not_before():
    rig = ready()
    erase(rig, ANN)
    rounds(rig)
    assert erased(rig) == []
    begun(rig, erasures=1, sequence=2)
    rounds(rig)
    assert erased(rig) == [(ANN, "2", "0")]
    assert kept(rig)[ANN].done
    rig.start()
    rounds(rig)
    assert len(erased(rig)) == 1


def test_a_slot_that_says_nothing_is_waited_for_only_so_long():
    rig = ready()
    erase(rig, ANN)
    rounds(rig)
    rig.now_ms += PATIENCE_MS
    rounds(rig)
    assert erased(rig) == [(ANN, "2", "0")]


def test_what_redact_committed_before_it_heard_is_taken_out_too():
    rig = ready()
    erase(rig, ANN)
    rounds(rig)
    rig.write(index(3, "d", created=10, of={"d": [ANN]}))
    begun(rig, erasures=1, sequence=3)
    rounds(rig)
    assert rig.has(f"{SLOT}/1/3") == set()
    assert erased(rig) == [(ANN, "3", "0")]


def test_an_index_that_is_on_the_log_and_not_read_yet_is_waited_for():
    rig = ready()
    erase(rig, ANN)
    begun(rig, erasures=1, sequence=3)
    rig.write(index(3, "d", created=10, of={"d": [ANN]}))
    behind, rig.log = rig.log[-1:], rig.log[:-1]
    rig.segments_now = lambda: iter([*rig.log, *behind])
    rig.keeper._segments_now = rig.segments_now
    rounds(rig)
    assert erased(rig) == []
    rig.log += behind
    rounds(rig)
    assert erased(rig) == [(ANN, "3", "0")]


def test_orphans_go_before_it_is_over_and_what_may_still_become_real_is_told():
    rig = ready()
    lost, coming = f"{SLOT}/1/3", "redact.demo.1/7/1"
    rig.vault.create_all([*documents(lost, "x"), *documents(coming, "y")])
    erase(rig, ANN)
    begun(rig, erasures=1, sequence=3)
    rounds(rig)
    assert (rig.has(lost), rig.has(coming)) == (set(), set(Layer))
    said = [it for it, _, reason in rig.said() if reason == "orphan" or it == "subject.erased"]
    assert said == ["segment.destroyed", "subject.erased"]
    assert erased(rig) == [(ANN, "2", "1")]


def test_a_task_that_turns_up_after_that_is_taken_out_and_it_is_said_again():
    rig = ready()
    erase(rig, ANN)
    begun(rig, erasures=1, sequence=2)
    rounds(rig)
    rig.write(index(4, "e", created=11, of={"e": [ANN]}))
    rounds(rig)
    assert rig.has(f"{SLOT}/1/4") == set()
    assert erased(rig) == [(ANN, "2", "0"), (ANN, "3", "0")]


def test_a_person_of_whom_nothing_is_held_is_erased_too():
    rig = ready()
    erase(rig, "cc" * 32)
    begun(rig, erasures=1, sequence=2)
    rounds(rig)
    assert (erased(rig), orders(rig)) == ([("cc" * 32, "0", "0")], [])


def test_two_at_once_share_a_task_and_each_is_over():
    rig = ready()
    erase(rig, ANN, BEN)
    begun(rig, erasures=2, sequence=2)
    rounds(rig)
    assert erased(rig) == [(ANN, "2", "0"), (BEN, "2", "0")]
    assert len(orders(rig)) == 3


def test_a_second_erasure_waits_for_the_slot_to_take_up_that_one():
    rig = ready()
    erase(rig, ANN)
    begun(rig, erasures=1, sequence=2)
    rounds(rig)
    erase(rig, BEN)
    rounds(rig)
    assert [who for who, *_ in erased(rig)] == [ANN]
    begun(rig, erasures=2, sequence=2)
    rounds(rig)
    assert [who for who, *_ in erased(rig)] == [ANN, BEN]


def test_a_joined_task_and_one_withdrawn_before_are_taken_out_as_well():
    rig = ready()
    rig.tell(joined("a", MIXED.segment_id))
    rig.withdraw("c")
    rounds(rig, 2)
    erase(rig, ANN)
    begun(rig, erasures=1, sequence=2)
    rounds(rig)
    assert (rig.tasks_in(MIXED.segment_id, Layer.VIEW), rig.has(LATER.segment_id)) == ({"b"}, set())
    assert erased(rig) == [(ANN, "1", "0")], "the other was gone already"


def test_a_vault_that_does_not_sign_or_still_gives_out_what_was_taken_away_holds_it_up_and_loses_nothing():
    rig = ready()
    fail = True

    def sign(_message: bytes) -> bytes:
        if fail:
            raise VaultUnavailable("sealed")
        return b"signed"

    rig.sign = sign
    erase(rig, ANN)
    for _ in range(3):
        with pytest.raises(VaultUnavailable):
            rig.round()
        rig.start()
    fail = False
    begun(rig, erasures=1, sequence=2)
    rig.vault.holds = lambda _path, _version: True
    rig.round()
    with pytest.raises(VaultUnavailable, match="still gives out"):
        rig.round()
    assert erased(rig) == []
    del rig.vault.holds
    rounds(rig)
    assert erased(rig) == [(ANN, "2", "0")]


def test_no_more_orders_are_signed_in_a_round_than_the_limit():
    rig = Rig(SCANS_RARELY)
    begun(rig)
    tasks = [f"t{number:03}" for number in range(AT_ONCE + 5)]
    rig.write(index(1, *tasks, of={task: [ANN] for task in tasks}))
    rig.round()
    erase(rig, ANN)
    rig.round()
    assert len(orders(rig)) == AT_ONCE
    begun(rig, erasures=1, sequence=1)
    rounds(rig)
    assert len(orders(rig)) == AT_ONCE + 5
    assert erased(rig) == [(ANN, str(AT_ONCE + 5), "0")]


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 5)),
    st.tuples(st.just("erase"), st.sampled_from([ANN, BEN])),
    st.tuples(st.just("hear"), st.just("")),
    st.tuples(st.just("withdraw"), st.integers(0, 14)),
    st.tuples(st.just("join"), st.integers(0, 14)),
    st.tuples(st.just("start"), st.just("")),
    st.tuples(st.just("round"), st.just("")),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(STEPS, max_size=30))
def test_whatever_happens_in_whatever_order_nothing_of_who_is_erased_is_left_and_all_else_is(steps):
    rig, written = Rig(SCANS_RARELY), {}
    begun(rig)
    gone = set()
    for what, which in steps:
        if what == "write" and which not in written:
            tasks = [f"t{which * 3 - 3 + it}" for it in range(3)]
            written[which] = {tasks[0]: [ANN], tasks[1]: [BEN], tasks[2]: []}
            rig.write(index(which, *tasks, created=which, of=written[which]))
        elif what == "erase" and which not in rig.erased:
            erase(rig, which)
        elif what == "hear":
            begun(rig, len(rig.erased), 0)
        elif what == "withdraw":
            rig.withdraw(f"t{which}")
            gone.add(f"t{which}")
        elif what == "join":
            rig.tell(joined(f"t{which}", f"{SLOT}/1/{which // 3 + 1}"))
        elif what == "start":
            rig.start()
        else:
            rig.round()
    begun(rig, len(rig.erased), 5)
    rounds(rig, 8)
    for number, tasks in written.items():
        wanted = {task for task, of in tasks.items() if not {*of} & {*rig.erased} and task not in gone}
        assert all(rig.tasks_in(f"{SLOT}/1/{number}", layer) == wanted for layer in Layer)
    assert {who for who, *_ in erased(rig)} == {*rig.erased}
    assert len({it.key for it in orders(rig)}) == len(orders(rig))


def erasure_with_crashes(rig: Rig) -> tuple:
    """Tasks of before and after, an orphan, and a segment that both share; the process dies where the rig says."""
    steps = [
        lambda: begun(rig),
        lambda: rig.write(MIXED),
        lambda: rig.write(LATER),
        lambda: rig.vault.create_all(documents(f"{SLOT}/1/3", "lost")),
        lambda: survive(rig, lambda: erase(rig, ANN)),
        lambda: rig.write(index(4, "d", "e", created=10, of={"d": [ANN]})),
        lambda: begun(rig, erasures=1, sequence=4),
    ]
    for step in steps:
        step()
        survive(rig, rig.round)
    for _ in range(16):
        survive(rig, rig.round)
    return outcome(rig)


def test_a_crash_before_or_after_any_step_changes_nothing_of_an_erasure():
    wanted = erasure_with_crashes(rig_with())
    assert [it for it in wanted[0] if it[0] == "subject.erased"] == [("subject.erased", OF_ANN, "")]
    for where in ("fault_in_vault", "fault_at_commit"):
        counted = Fault(at=-1)
        erasure_with_crashes(rig_with(**{where: counted}))
        for at in range(1, counted.chances + 1):
            assert erasure_with_crashes(rig_with(**{where: Fault(at)})) == wanted, (where, at)
