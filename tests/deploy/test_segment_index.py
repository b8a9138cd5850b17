"""The index as who looks from outside reads it: records by their keys, the latest counts."""

from __future__ import annotations

from deploy.segment_index import Index, index_of
from schemas.codec import Codec, FixedIds
from schemas.records import SegmentEntry, SegmentIndex, SlotEpoch
from streams.engine.messages import Message

CODEC = Codec(FixedIds())
SLOT = "redact.demo.0"


def name_of(sequence: int) -> str:
    return f"{SLOT}/1/{sequence}"


def index(sequence: int, *tasks: str) -> SegmentIndex:
    """Each task's record speaks of everybody, and of somebody who is called as the task."""
    entries = tuple(SegmentEntry(task, (b"everybody", task.encode())) for task in tasks)
    return SegmentIndex(name_of(sequence), SLOT, 1, sequence, "bundle", 0, 10**15, entries)


def message(key: str, record: object) -> Message:
    return Message("segments.demo", 1, 0, key.encode(), None if record is None else CODEC.encode(record))


def of(*segments: SegmentIndex) -> Index:
    return index_of((message(one.segment_id, one) for one in segments), CODEC)


def test_index_is_folded_as_kafka_has_it():
    found = of(index(1, "a"), index(2, "b", "c"), index(2, "c"))
    found.take(message(name_of(1), None), CODEC)
    found.take(message(f"epoch/{SLOT}", SlotEpoch(SLOT, 4)), CODEC)
    found.take(Message("segments.demo", 0, 0, b"x", b"no index"), CODEC)
    found.take(message("another key", index(3, "d")), CODEC)
    assert found.segments == {name_of(2): index(2, "c")}
    assert list(found.epochs) == [f"epoch/{SLOT}"]
    assert found.partitions[name_of(2)] == 1


def test_copy_goes_on_by_itself():
    first = of(index(1, "a"))
    second = first.copy()
    second.take(message(name_of(1), None), CODEC)
    assert (len(first.segments), len(second.segments)) == (1, 0)


def test_what_can_t_be_read_is_counted_by_its_key_until_something_else_stands_there():
    found = of(index(1, "a"))
    for key in (name_of(1), name_of(2), name_of(2)):
        found.take(Message("segments.demo", 1, 0, key.encode(), b"no index"), CODEC)
    assert found.unreadable == {name_of(1), name_of(2)}
    assert found.segments == {name_of(1): index(1, "a")}, "as keeper knows it"
    found.take(message(name_of(1), index(1, "b")), CODEC)
    found.take(message(name_of(2), None), CODEC)
    assert found.unreadable == set()


def test_whom_entries_name_is_found_in_every_segment():
    found = of(index(1, "a", "b"), index(2, "a"))
    assert found.naming(b"a") == [(index(1, "a", "b"), "a"), (index(2, "a"), "a")]
    assert found.naming(b"b") == [(index(1, "a", "b"), "b")]
    assert found.naming(b"nobody") == []
