"""Which task a person gets next: of those they may take, the most urgent; of equals, the oldest.

Waiting makes urgent: a task counts as if it had come `ageing_ms` earlier for each level of its priority, and the
earliest is next. So nothing that comes more than 9 × `ageing_ms` later ever goes before a task.

Every open task has a position, in the order they came. Sets of positions are integers used as bit sets: one of the
tasks with room for another lease, one for each batch and skill, two for each person, and the lanes: of one
priority, those that came by age. Partitions are read one after the other, so what comes later may be older: it is
in another lane. Finding the next task takes some dozens of operations on such integers: 20,000 tasks are 2.5 kB,
0.4 µs each, where a scan past what a quick person has already labeled would take milliseconds.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from schemas.routing import NORMAL
from streams.label.askers import Asker

K = TypeVar("K", bound=Hashable)
_SPARE = 1_024
"""Empty positions that are not worth a rebuild."""
_KEPT = 256
"""Kinds of people whose tasks are kept: 2.5 kB each."""
_LANES = 3_000
"""More than 256 partitions make of ten priorities. So many are worth a rebuild, which leaves one a priority."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one open task: who never gets it (again), and who for now only when nothing else is left.

    `adjudicate`: its room is for an adjudicator, who gets no other tasks. The last four never change.
    """

    task_id: str
    free: bool
    never: frozenset[str]
    later: frozenset[str]
    adjudicate: bool = False
    priority: int = NORMAL
    batch: str = ""
    skills: tuple[str, ...] = ()
    added_at: int = 0


class Availability:
    """The positions of open tasks. Rebuild it from its rows, oldest first, when it is `worn`."""

    def __init__(self, rows: Iterable[Row] = (), ageing_ms: int = 0) -> None:
        self._ageing_ms = ageing_ms
        self._slots: list[str] = []
        self._at: dict[str, int] = {}
        self._due = array("q")
        self._build(list(rows))

    def _build(self, rows: list[Row]) -> None:
        places = range(len(rows))
        self._slots = [row.task_id for row in rows]
        self._at = {row.task_id: at for at, row in enumerate(rows)}
        self._due = array("q", map(self._due_of, rows))
        self._open = _bits(places, len(rows))
        self._free = _bits((at for at in places if rows[at].free), len(rows))
        self._adjudicate = _bits((at for at in places if rows[at].adjudicate), len(rows))
        self._never = _by_name([row.never for row in rows])
        self._later = _by_name([row.later for row in rows])
        self._lanes: dict[int, list[int]] = {}
        self._in_lane = _by_name([(self._lane_of(row),) for row in rows])
        self._batches = _by_name([(row.batch,) for row in rows])
        self._asks = _by_name([row.skills for row in rows])
        self._like: dict[Asker, int] = {}

    def _due_of(self, row: Row) -> int:
        return row.added_at - row.priority * self._ageing_ms

    def _lane_of(self, row: Row) -> tuple[int, int]:
        """Its priority, and the first lane of that whose last task is no younger; a row that comes is its last."""
        lasts = self._lanes.setdefault(row.priority, [])
        lane = next((at for at, last in enumerate(lasts) if last <= row.added_at), len(lasts))
        lasts[lane : lane + 1] = [row.added_at]
        return row.priority, lane

    def update(self, row: Row) -> None:
        """Take over a row; a new one comes last."""
        if row.task_id not in self._at:
            self._append(row)
        bit = 1 << self._at[row.task_id]
        self._free = self._free | bit if row.free else self._free & ~bit
        if row.adjudicate and not self._adjudicate & bit:
            self._adjudicate |= bit
            self._like.clear()
        for person in row.never:
            self._never[person] = self._never.get(person, 0) | bit
        for person in row.later:
            self._later[person] = self._later.get(person, 0) | bit

    def _append(self, row: Row) -> None:
        bit = 1 << len(self._slots)
        self._like.clear()
        self._at[row.task_id] = len(self._slots)
        self._slots.append(row.task_id)
        self._due.append(self._due_of(row))
        self._open |= bit
        lane = self._lane_of(row)
        self._in_lane[lane] = self._in_lane.get(lane, 0) | bit
        self._batches[row.batch] = self._batches.get(row.batch, 0) | bit
        for skill in row.skills:
            self._asks[skill] = self._asks.get(skill, 0) | bit

    def rested(self, person: str, task_id: str) -> None:
        """Who gave the task back some time ago gets it in its turn again."""
        self._later[person] = self._later.get(person, 0) & ~self._bit(task_id)

    def drop(self, task_id: str) -> None:
        """The task is not open any more."""
        position = self._at.pop(task_id, None)
        if position is not None:
            self._free &= ~(1 << position)
            self._open &= ~(1 << position)

    @property
    def worn(self) -> bool:
        """More than half of the positions are empty, or tasks came out of their order again and again."""
        return len(self._slots) > 2 * len(self._at) + _SPARE or len(self._in_lane) > _LANES

    # -- who gets what

    def next_for(self, asker: Asker, but: Collection[str] = ()) -> str | None:
        """The next task for them, of those that they gave back lately only where there is no other; else None.

        `but`: none of these.
        """
        mine = self._free & self._mine(asker)
        for task_id in but:
            mine &= ~self._bit(task_id)
        other = mine & ~self._later.get(asker.person, 0)
        return self._first(other or mine)

    def may_take(self, asker: Asker, task_id: str) -> bool:
        """Whether they might get this task if it had room."""
        return self.first_of(asker, [task_id]) is not None

    def first_of(self, asker: Asker, task_ids: Iterable[str]) -> str | None:
        """The first of these tasks that they might get if it had room."""
        mine = self._mine(asker)
        return next((task_id for task_id in task_ids if mine & self._bit(task_id)), None)

    def could_take(self, asker: Asker) -> bool:
        """Whether there is a task with room that they may take."""
        return bool(self._free & self._mine(asker))

    def _mine(self, asker: Asker) -> int:
        """Tasks that the person may take, with room or without."""
        return self._open & self._alike(asker) & ~self._never.get(asker.person, 0)

    def _alike(self, asker: Asker) -> int:
        """Tasks for people like this one, open or not, whatever they have seen. Many people are alike, so it is
        kept until a task comes, or becomes an adjudicator's.
        """
        alike = replace(asker, person="")
        found = self._like.get(alike)
        if found is None:
            if len(self._like) >= _KEPT:
                self._like.clear()
            found = self._like[alike] = self._asked(alike)
        return found

    def _asked(self, asker: Asker) -> int:
        if asker.withheld.everything:
            return 0
        mine = self._adjudicate if asker.adjudicates else ~self._adjudicate
        for skill, asking in self._asks.items():
            if skill not in asker.skills:
                mine &= ~asking
        if asker.batch:
            mine &= self._batches.get(asker.batch, 0)
        for batch in asker.withheld.batches:
            mine &= ~self._batches.get(batch, 0)
        for task_id in asker.withheld.tasks:
            mine &= ~self._bit(task_id)
        return mine

    def _first(self, bits: int) -> str | None:
        """Of each lane the first is looked at, for the earliest due of all."""
        found = (bits & lane for lane in self._in_lane.values()) if bits else ()
        oldest = [(one & -one).bit_length() - 1 for one in found if one]
        return self._slots[min(oldest, key=lambda at: (self._due[at], at))] if oldest else None

    def _bit(self, task_id: str) -> int:
        position = self._at.get(task_id)
        return 0 if position is None else 1 << position

    # -- how many

    @property
    def free(self) -> int:
        """Tasks with room for another lease."""
        return self._free.bit_count()

    def is_free(self, task_id: str) -> bool:
        """Whether this task has room for another lease."""
        return bool(self._free & self._bit(task_id))

    def parked(self, askers: Iterable[Asker]) -> int:
        """Tasks with room that none of `askers` may take; 0 where nobody is named."""
        return self._stuck(askers).bit_count()

    def in_batches(self, askers: Iterable[Asker]) -> dict[str, tuple[int, int, int]]:
        """Of each batch with open tasks: how many are open, how many have room, how many of those are parked."""
        stuck = self._stuck(askers)
        found = ((name, self._open & of, self._free & of, stuck & of) for name, of in self._batches.items())
        return {
            name: (all_.bit_count(), free.bit_count(), of.bit_count()) for name, all_, free, of in found if all_
        }

    def is_open(self, batch: str) -> bool:
        """Whether tasks of a batch are open."""
        return bool(self._open & self._batches.get(batch, 0))

    def _stuck(self, askers: Iterable[Asker]) -> int:
        """Those with room that none of them may take."""
        stuck, anybody = self._free, False
        for asker in askers:
            anybody = True
            stuck &= ~self._mine(asker)
        return stuck if anybody else 0


def _bits(positions: Iterable[int], size: int) -> int:
    """The integer with these bits set; linear, where setting them one by one would be quadratic."""
    data = bytearray(size // 8 + 1)
    for position in positions:
        data[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(data, "little")


def _by_name(rows: Sequence[Collection[K]]) -> dict[K, int]:
    positions: dict[K, list[int]] = {}
    for position, names in enumerate(rows):
        for name in names:
            positions.setdefault(name, []).append(position)
    return {name: _bits(found, len(rows)) for name, found in positions.items()}
