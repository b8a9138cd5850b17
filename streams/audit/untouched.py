"""Tasks of which nothing is known but where they come from: most of those that wait.

Memory: 207 bytes a task with its id, where one with a `Life` takes 551 before anything has happened in it
(measured, of 200,000).
"""

from __future__ import annotations

from schemas.records import RawReference
from streams.audit.life import Life

_Place = tuple[str, int, int, int | None]
"""Topic, partition, revision, overlap."""


class Untouched:
    """By task id. `take` makes a life of one as soon as something else is said of it."""

    def __init__(self) -> None:
        self._origins: dict[str, tuple[_Place, int]] = {}
        self._places: dict[_Place, _Place] = {}
        """Each once, however many tasks share it."""

    def add(self, task_id: str, raw: RawReference, overlap: int | None) -> bool:
        """Where a task comes from; False for one that is here already."""
        if task_id in self._origins:
            return False
        place = (raw.topic, raw.partition, raw.revision, overlap)
        self._origins[task_id] = self._places.setdefault(place, place), raw.offset
        return True

    def take(self, task_id: str) -> Life:
        """What is known of a task, which is here no more; an empty life for one that never was."""
        known = self._origins.pop(task_id, None)
        if known is None:
            return Life()
        (topic, partition, revision, overlap), offset = known
        return Life((RawReference(topic, partition, offset, revision),), overlap)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._origins)

    @property
    def unlimited(self) -> int:
        """Of how many nobody said how many labels they may get."""
        return sum(overlap is None for (_, _, _, overlap), _ in self._origins.values())
