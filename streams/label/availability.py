"""Which task is the oldest one that a person may take.

Every open task has a position, by age. Sets of positions are integers used as bit sets: one of the tasks with
room for another lease, one of those whose room is an adjudicator's, two for each person. Finding the next task is
five operations on such integers: 20,000 tasks are 2.5 kB, about 2 µs, where a scan past what a quick person has
already labeled would take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_SPARE = 1_024
"""Empty positions that are not worth a rebuild."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one open task: who never gets it (again), and who only when nothing else is left.

    `reserved`: its room is for an adjudicator, who gets no other tasks.
    """

    task_id: str
    free: bool
    never: frozenset[str]
    later: frozenset[str]
    reserved: bool = False


def nobody(_: str) -> bool:
    """Of a project without adjudicators."""
    return False


class Availability:
    """The positions of open tasks, oldest first. Rebuild it from its rows when it is `sparse`.

    `adjudicates` says of a person whether they adjudicate.
    """

    def __init__(self, rows: Iterable[Row] = (), adjudicates: Callable[[str], bool] = nobody) -> None:
        self._adjudicates = adjudicates
        self._slots: list[str] = []
        self._at: dict[str, int] = {}
        self._free = 0
        self._reserved = 0
        self._never: dict[str, int] = {}
        self._later: dict[str, int] = {}
        self._build(list(rows))

    def _build(self, rows: list[Row]) -> None:
        self._slots = [row.task_id for row in rows]
        self._at = {row.task_id: position for position, row in enumerate(rows)}
        self._free = _bits((at for at, row in enumerate(rows) if row.free), len(rows))
        self._reserved = _bits((at for at, row in enumerate(rows) if row.reserved), len(rows))
        self._never = _by_person([row.never for row in rows])
        self._later = _by_person([row.later for row in rows])

    def update(self, row: Row) -> None:
        """Take over a row; a new one is the youngest."""
        if row.task_id not in self._at:
            self._at[row.task_id] = len(self._slots)
            self._slots.append(row.task_id)
        bit = 1 << self._at[row.task_id]
        self._free = self._free | bit if row.free else self._free & ~bit
        self._reserved = self._reserved | bit if row.reserved else self._reserved & ~bit
        for person in row.never:
            self._never[person] = self._never.get(person, 0) | bit
        for person in row.later:
            self._later[person] = self._later.get(person, 0) | bit

    def drop(self, task_id: str) -> None:
        """The task is not open any more."""
        position = self._at.pop(task_id, None)
        if position is not None:
            self._free &= ~(1 << position)

    @property
    def sparse(self) -> bool:
        """More than half of the positions are empty."""
        return len(self._slots) > 2 * len(self._at) + _SPARE

    def next_for(self, person: str) -> str | None:
        """The oldest task with room that `person` has not seen, else the oldest they gave back, else None."""
        mine = self._open_to(person)
        unseen = mine & ~self._later.get(person, 0)
        choice = unseen or mine
        return self._slots[(choice & -choice).bit_length() - 1] if choice else None

    def _open_to(self, person: str) -> int:
        """Tasks with room that the person may take at all."""
        room = self._reserved if self._adjudicates(person) else ~self._reserved
        return self._free & room & ~self._never.get(person, 0)

    @property
    def free(self) -> int:
        """Tasks with room for another lease."""
        return self._free.bit_count()

    def is_free(self, task_id: str) -> bool:
        """Whether this task has room for another lease."""
        position = self._at.get(task_id)
        return position is not None and bool(self._free >> position & 1)

    def parked(self, persons: Iterable[str]) -> int:
        """Tasks with room that none of `persons` may take; 0 where nobody is named."""
        stuck, anybody = self._free, False
        for person in persons:
            anybody = True
            stuck &= ~self._open_to(person)
        return stuck.bit_count() if anybody else 0


def _bits(positions: Iterable[int], size: int) -> int:
    """The integer with these bits set; linear, where setting them one by one would be quadratic."""
    data = bytearray(size // 8 + 1)
    for position in positions:
        data[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(data, "little")


def _by_person(sets: list[frozenset[str]]) -> dict[str, int]:
    positions: dict[str, list[int]] = {}
    for position, persons in enumerate(sets):
        for person in persons:
            positions.setdefault(person, []).append(position)
    return {person: _bits(found, len(sets)) for person, found in positions.items()}
