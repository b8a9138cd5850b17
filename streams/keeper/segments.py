"""The segments that keeper knows, and which are to be destroyed: asked for at each call, however many it knows."""

from __future__ import annotations

from itertools import islice

from schemas.codec import Codec
from schemas.states import KeptSegment, SegmentStage
from streams.engine.messages import Message
from streams.engine.state import KeyedState

PREFIX = "segment/"


class Segments(KeyedState[KeptSegment]):
    """By segment id. One thread."""

    def __init__(self, topic: str, codec: Codec) -> None:
        super().__init__(topic, KeptSegment, codec, PREFIX)
        self._doomed: dict[str, None] = {}
        """In the order in which they came to be."""

    def doomed(self, most: int) -> tuple[KeptSegment, ...]:
        """So many at most that are to be destroyed, the first of them first."""
        return tuple(self._values[segment_id] for segment_id in islice(self._doomed, most))

    def apply(self, message: Message) -> bool:
        """As `KeyedState.apply`."""
        ours = super().apply(message)
        if ours:
            self._look((message.key or b"").decode("utf-8", "replace").removeprefix(PREFIX))
        return ours

    def put(self, key: str, value: KeptSegment) -> None:
        """As `KeyedState.put`."""
        super().put(key, value)
        self._look(key)

    def remove(self, key: str) -> None:
        """As `KeyedState.remove`."""
        super().remove(key)
        self._look(key)

    def _look(self, segment_id: str) -> None:
        segment = self._values.get(segment_id)
        if segment is not None and segment.stage is SegmentStage.DOOMED:
            self._doomed.setdefault(segment_id)
        else:
            self._doomed.pop(segment_id, None)
