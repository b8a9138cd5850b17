"""Which tasks lie in clear, by the segment whose mapping they go with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from schemas.codec import Codec
from schemas.records import SegmentIndex
from schemas.states import OpenedSegment
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState

OPENED = "opened/"


class Opened:
    """Behind the changelog. Memory: an id and a pointer for each task."""

    def __init__(self, topic: str, codec: Codec) -> None:
        self._segments = KeyedState(topic, OpenedSegment, codec, OPENED)
        self._segment_of: dict[str, str] = {}

    def apply(self, message: Message) -> bool:
        """Take over one changelog record; False where it is another state's. After the last one: `settle`."""
        return self._segments.apply(message)

    def settle(self) -> None:
        """All of the changelog is there."""
        self._segment_of = {task: segment for segment, it in self._segments.items() for task in it.tasks}

    def changes(self) -> list[Outgoing]:
        """One record for each segment changed since the last call."""
        return self._segments.changes()

    def segments(self) -> list[str]:
        """Those of which anything lies in clear."""
        return [segment_id for segment_id, _ in self._segments.items()]

    def tasks(self) -> list[str]:
        """All that lie in clear."""
        return list(self._segment_of)

    def __len__(self) -> int:
        return len(self._segment_of)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._segment_of

    def add(self, segment_id: str, task_ids: Iterable[str]) -> None:
        """These lie in clear now."""
        fresh = tuple(task_ids)
        before = self._segments.get(segment_id)
        tasks = dict.fromkeys((*(before.tasks if before else ()), *fresh))
        self._segments.put(segment_id, OpenedSegment(segment_id, tuple(tasks)))
        self._segment_of.update(dict.fromkeys(fresh, segment_id))

    def remove(self, task_ids: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Forget them. Those that lay in clear, by segment."""
        gone: dict[str, list[str]] = {}
        for task_id in dict.fromkeys(task_ids):
            segment_id = self._segment_of.pop(task_id, None)
            if segment_id is not None:
                gone.setdefault(segment_id, []).append(task_id)
        for segment_id, tasks in gone.items():
            self._shorten(segment_id, frozenset(tasks))
        return {segment_id: tuple(sorted(tasks)) for segment_id, tasks in sorted(gone.items())}

    def without_mapping(self, segment_id: str, index: SegmentIndex | None) -> tuple[str, ...]:
        """Of a segment those in clear whose mapping has ended, by its index as it is now; None: all of it."""
        known = self._segments.get(segment_id)
        if known is None:
            return ()
        kept = frozenset(entry.task_id for entry in index.entries) if index else frozenset()
        return tuple(task for task in known.tasks if task not in kept)

    def _shorten(self, segment_id: str, gone: Collection[str]) -> None:
        known = self._segments.get(segment_id)
        assert known is not None, "it was in the segment"
        left = tuple(task for task in known.tasks if task not in gone)
        if left:
            self._segments.put(segment_id, OpenedSegment(segment_id, left))
        else:
            self._segments.remove(segment_id)
