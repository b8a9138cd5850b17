from __future__ import annotations

from deploy.stages.reveal import segment_of
from schemas.codec import Codec, FixedIds
from schemas.records import SegmentEntry, SegmentIndex, SlotEpoch
from streams.engine.messages import Message

CODEC = Codec(FixedIds())
TASK, OTHER = "ab" * 16, "cd" * 16


def index(offset: int, segment: str, *tasks: str) -> Message:
    slot, entries = "redact.demo.0", tuple(SegmentEntry(task) for task in tasks)
    written = SegmentIndex(segment, slot, 1, offset, "bundle", 1, 2, entries)
    return Message("segments.demo", 0, offset, segment.encode(), CODEC.encode(written))


def found(*messages: Message) -> str | None:
    return segment_of(TASK, messages, CODEC)


def test_a_task_is_where_the_index_as_it_stands_says():
    epoch = Message("segments.demo", 0, 0, b"epoch/redact.demo.0", CODEC.encode(SlotEpoch("redact.demo.0", 1)))
    assert found(epoch, index(1, "s/1/1", OTHER), index(2, "s/1/2", OTHER, TASK)) == "s/1/2"
    assert found(index(1, "s/1/1", TASK), index(2, "s/1/1", OTHER)) is None
    assert found(index(1, "s/1/1", TASK), Message("segments.demo", 0, 2, b"s/1/1", None)) is None


def test_a_record_that_is_no_index_hides_no_other():
    assert found(index(1, "s/1/1", TASK), Message("segments.demo", 0, 2, b"x", b"no index")) == "s/1/1"
