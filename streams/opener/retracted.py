"""Tombstones that are written once more, an hour later, so that Kafka lets go of what they took back.

Kafka compacts no segment of a log that is still written to, and closes one only as the next record comes to it. A
text whose tombstone was the last record of its partition would lie on the disk until another text comes, which may
be never. The second tombstone has the same key and so the same partition; it closes the segment, and means nothing
else.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.codec import Codec
from schemas.states import RetractedTexts
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState
from topology.topics import COMPACTED_SEGMENT_MS

RETRACTED = "retracted/"
AGAIN_MS = COMPACTED_SEGMENT_MS + 60_000
"""So long after the first. From then on a record closes the segment; a minute for what clocks differ by."""
MOST = 10_000
"""Tasks kept for it, some 1 MB: the latest. Where more are taken back in an hour, these close the segments of the
earlier ones, too, up to an hour later.
"""


class Retracted:
    """Behind the changelog. Memory: an id for each of the last 10,000 tasks taken back within an hour."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._waiting = KeyedState(topic, RetractedTexts, codec, RETRACTED)

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's."""
        return self._waiting.apply(message)

    def changes(self) -> list[Outgoing]:
        """What to write to the changelog."""
        return self._waiting.changes()

    def add(self, task_ids: Iterable[str], now: int) -> None:
        """Their tombstones are written now. Once a transaction: it looks at all that wait."""
        again_at = now + AGAIN_MS
        known = self._waiting.get(str(again_at))
        tasks = (*(known.tasks if known else ()), *task_ids)
        self._waiting.put(str(again_at), RetractedTexts(again_at, tasks[-MOST:]))
        room = MOST
        for one in sorted((it for _, it in self._waiting.items()), key=lambda it: -it.again_at):
            if not room:
                self._waiting.remove(str(one.again_at))
            elif len(one.tasks) > room:
                self._waiting.put(str(one.again_at), RetractedTexts(one.again_at, one.tasks[-room:]))
            room = max(0, room - len(one.tasks))

    def late(self, now: int) -> int:
        """How many were to be written by then, and are not."""
        return sum(len(it.tasks) for _, it in self._waiting.items() if it.again_at <= now)

    def __len__(self) -> int:
        return sum(len(it.tasks) for _, it in self._waiting.items())

    def due(self, now: int) -> tuple[str, ...]:
        """Those whose tombstones are to be written once more now; they are forgotten."""
        due = [one for _, one in self._waiting.items() if one.again_at <= now]
        for one in due:
            self._waiting.remove(str(one.again_at))
        return tuple(task for one in due for task in one.tasks)
