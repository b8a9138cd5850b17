"""What must be in a restored Vault and what must not, whatever happened when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.checks import documents, sample, whole
from deploy.backup.index import Ended, doomed, outcome
from deploy.segment_index import Index, index_of
from schemas.codec import Codec, FixedIds
from schemas.hidden import SealedBytes
from schemas.records import SegmentEntry, SegmentIndex
from schemas.states import KeptSegment, SegmentStage
from streams.engine.messages import Message
from streams.keeper.rewriting import destroy, take_out
from tests.simulation.vault import MemoryVault, VaultStore
from vault.segments.document import KeyReference, Layer, LayerDocument, pack, path_of

CODEC = Codec(FixedIds())
SLOT = "redact.demo.0"


def name_of(sequence: int) -> str:
    return f"{SLOT}/1/{sequence}"


def index(sequence: int, *tasks: str) -> SegmentIndex:
    """Each task's record speaks of somebody who is called as the task."""
    entries = tuple(SegmentEntry(task, (b"everybody", task.encode())) for task in tasks)
    return SegmentIndex(name_of(sequence), SLOT, 1, sequence, "bundle", 0, 10**15, entries)


def message(key: str, record: object) -> Message:
    return Message("segments.demo", 1, 0, key.encode(), None if record is None else CODEC.encode(record))


def of(*segments: SegmentIndex) -> Index:
    return index_of((message(one.segment_id, one) for one in segments), CODEC)


def stored(vault: MemoryVault, sequence: int, *tasks: str) -> None:
    half = KeyReference("w", "c", f"half-a/{SLOT}/1/x")
    for layer in Layer:
        keys = (half,) if layer is Layer.VALUES else ()
        entries = {task: SealedBytes(task.encode()) for task in tasks}
        vault.create(
            path_of(layer, name_of(sequence)), pack(LayerDocument("demo", name_of(sequence), layer, keys, entries))
        )


@pytest.fixture
def vault():
    made = MemoryVault(VaultStore(), "demo")
    made.create(f"half-a/{SLOT}/1/x", b"wrapped")
    return made


@pytest.mark.parametrize(("stage", "ends"), [(stage, stage in ("doomed", "destroyed")) for stage in SegmentStage])
def test_keeper_has_doomed_what_it_says_has_no_way_back(stage, ends):
    kept = KeptSegment(name_of(1), stage, (), (), 0, "", 0)
    changelog = [
        message(f"segment/{name_of(1)}", kept),
        message("index/x", index(2)),
        message(f"segment/{name_of(9)}", None),
        Message("keeper-state.demo", 0, 0, b"segment/bad", b"nothing"),
    ]
    assert doomed(changelog, CODEC) == (frozenset({name_of(1)}) if ends else frozenset())


def test_what_nothing_ended_must_be_there():
    before = of(index(1, "a", "b"))
    found = outcome(before, before, [Ended()])
    assert found.kept == before.segments
    assert found.required == {name_of(1)}
    assert not found.taken
    assert not found.over


def test_what_came_while_the_snapshot_was_taken_may_be_missing():
    found = outcome(of(index(1, "a")), of(index(1, "a"), index(2, "b")), [])
    assert set(found.kept) == {name_of(1), name_of(2)}
    assert found.required == {name_of(1)}


def test_what_left_the_index_while_the_snapshot_was_taken_must_be_gone():
    found = outcome(of(index(1, "a", "b"), index(2, "c")), of(index(1, "b")), [])
    assert found.taken == {name_of(1): {"a"}, name_of(2): {"c"}}
    assert found.over == {name_of(2)}
    assert [entry.task_id for entry in found.kept[name_of(1)].entries] == ["b"]


@pytest.mark.parametrize(
    "ended",
    [
        Ended(withdrawn={"a", "b"}),
        Ended(doomed={name_of(1)}),
        Ended(index=of(index(7, "x"))),
        Ended(withdrawn={"a"}, index=of(index(1, "a"))),
        Ended(erased={b"everybody"}),
        Ended(withdrawn={"a"}, erased={b"b"}),
    ],
    ids=["ordered", "doomed", "destroyed", "one ordered, one gone", "erased", "one ordered, one erased"],
)
def test_what_a_later_source_knows_to_have_ended_is_over(ended):
    before = of(index(1, "a", "b"))
    found = outcome(before, before, [ended])
    assert (dict(found.kept), found.taken, found.over) == ({}, {name_of(1): {"a", "b"}}, {name_of(1)})


TASKS = st.sets(st.sampled_from("abcdefgh"), min_size=1)
SEGMENTS = st.lists(TASKS, min_size=1, max_size=4).map(
    lambda lists: [index(at, *(f"{at}{task}" for task in sorted(tasks))) for at, tasks in enumerate(lists)]
)


@given(SEGMENTS, st.data())
def test_whatever_ended_is_gone_from_an_older_snapshot_and_all_else_is_there(segments, data):
    """The snapshot has all; then some is ordered or erased, some doomed, some has left the index since."""
    vault = MemoryVault(VaultStore(), "demo")
    vault.create(f"half-a/{SLOT}/1/x", b"wrapped")
    tasks = {entry.task_id for one in segments for entry in one.entries}
    for one in segments:
        stored(vault, one.sequence, *(entry.task_id for entry in one.entries))
    ordered = data.draw(st.sets(st.sampled_from(sorted(tasks))))
    dead = data.draw(st.sets(st.sampled_from([one.segment_id for one in segments])))
    left = data.draw(st.sets(st.sampled_from([one.segment_id for one in segments])))
    erased = data.draw(st.sets(st.sampled_from([task.encode() for task in sorted(tasks)])))
    later = of(*(one for one in segments if one.segment_id in left))
    ended = [Ended(ordered, erased=erased), Ended(doomed=dead), Ended(index=later)]
    found = outcome(of(*segments), of(*segments), ended)
    for name in found.over:
        destroy(vault, name)
    for name, gone in found.taken.items():
        if name not in found.over:
            take_out(vault, name, gone)
    there, closed = documents(vault, "demo", found)
    assert there.holds
    assert closed.holds
    standing = {e.task_id for one in segments if one.segment_id in left - dead for e in one.entries}
    standing -= ordered | {person.decode() for person in erased}
    assert {entry.task_id for one in found.kept.values() for entry in one.entries} == standing
    assert set(found.taken) | set(found.kept) == {one.segment_id for one in segments}


def test_missing_layer_missing_entry_and_missing_half_are_named(vault):
    stored(vault, 1, "a")
    stored(vault, 2, "b")
    stored(vault, 3, "c")
    vault.destroy(path_of(Layer.GEOMETRY, name_of(1)))
    vault.destroy(f"half-a/{SLOT}/1/x")
    there, closed = documents(
        vault, "demo", outcome(of(index(1, "a"), index(2, "b", "z")), of(index(1, "a"), index(2, "b", "z")), [])
    )
    assert closed.holds
    assert not there.holds
    text = "\n".join(there.failures)
    assert f"geometry/{name_of(1)} is not in Vault" in text
    assert f"task z has no entry in view/{name_of(2)}" in text
    assert "half-a/" in text


def test_what_is_open_again_is_named(vault):
    stored(vault, 1, "a", "b")
    stored(vault, 2, "c")
    before = of(index(1, "a", "b"), index(2, "c"))
    _, closed = documents(vault, "demo", outcome(before, before, [Ended({"b", "c"})]))
    assert f"task b has an entry in values/{name_of(1)}" in closed.failures
    assert f"view/{name_of(2)} is in Vault again" in closed.failures


def test_much_that_is_wrong_is_told_in_part_and_counted(vault):
    before = of(*(index(at, "a") for at in range(4)))
    there, _ = documents(vault, "demo", outcome(before, before, []))
    assert len(there.failures) == 6
    assert there.failures[-1] == "and 7 more"


def test_segment_is_whole_where_each_layer_has_each_task(vault):
    stored(vault, 1, "a", "b")
    assert whole(vault, name_of(1), {"a", "b"})
    assert not whole(vault, name_of(1), {"a", "z"})
    assert not whole(vault, name_of(2), {"a"})


@pytest.mark.parametrize(("count", "limit"), [(0, 5), (3, 5), (5, 5), (100, 5), (7, 5)])
def test_sample_is_spread_and_bounded(count, limit):
    before = of(*(index(at, f"{at}") for at in range(count)))
    taken = sample(outcome(before, before, []), limit)
    assert len(taken) == len(set(taken)) == min(count, limit)
