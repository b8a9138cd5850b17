"""What is to be destroyed is found without looking at everything that is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.states import KeptSegment, SegmentStage
from streams.engine.messages import Message
from streams.keeper.segments import Segments
from tests.streams.keeper.making import CODEC

TOPIC = "keeper-state.demo"


def kept(segment_id: str, stage: SegmentStage) -> KeptSegment:
    return KeptSegment(segment_id, stage, (), (), 0, "", 0)


def restarted(segments: Segments, log: list[Message]) -> Segments:
    """As the loop would: the changes are on the log, and a new state takes them over."""
    log += [Message(TOPIC, 0, len(log) + at, it.key, it.value) for at, it in enumerate(segments.changes())]
    again = Segments(TOPIC, CODEC)
    for message in log:
        assert again.apply(message)
    return again


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([*SegmentStage, None]), st.booleans()), max_size=30
    )
)
def test_the_doomed_are_those_that_are_so_now(steps):
    segments, log = Segments(TOPIC, CODEC), list[Message]()
    for segment_id, stage, restart in steps:
        if stage is None:
            segments.remove(segment_id)
        else:
            segments.put(segment_id, kept(segment_id, stage))
        segments = restarted(segments, log) if restart else segments
        wanted = {name for name, it in segments.items() if it.stage is SegmentStage.DOOMED}
        found = segments.doomed(10)
        assert {it.segment_id for it in found} == wanted
        assert segments.doomed(1) == found[:1]
        assert all(segments.get(it.segment_id) is it for it in found)
