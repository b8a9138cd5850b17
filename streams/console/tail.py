"""The newest events of all projects in bounded memory, and what of them somebody wants to see. Pure.

A row's number rises by one, so that whoever has seen up to a number asks for what came after it; what fell out of
memory meanwhile is told as missed, never left out in silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from schemas.audit import AuditEvent
from streams.console.rows import Row, row_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see. `projects`: whose events they may see and ask for; `people`: whom these name;
    the rest is empty where all are wanted. `resource`: what a resource or a parent contains; `text` of the other
    fields: exactly, `type` also a family of types, `task.`.
    """

    projects: frozenset[str]
    type: str = ""
    person: str = ""
    process: str = ""
    resource: str = ""
    denied: bool = False
    people: frozenset[str] = frozenset()

    def matches(self, row: Row) -> bool:
        """Whether they want this row."""
        return (
            row.concern.open_to(self.projects, self.people)
            and (
                not self.type or row.type == self.type or (self.type[-1] == "." and row.type.startswith(self.type))
            )
            and (not self.person or row.person == self.person)
            and (not self.process or row.process == self.process)
            and (not self.resource or any(self.resource in it for it in (row.resource, *row.parents)))
            and (not self.denied or row.decision == "deny" or row.outcome not in ("success", ""))
        )

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of what narrows it down; never what somebody typed."""
        named = (
            ("type", self.type),
            ("person", self.person),
            ("process", self.process),
            ("resource", self.resource),
        )
        return (*(name for name, text in named if text), *(("denied",) if self.denied else ()))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first. `last`: the newest number there is, wanted or not; `oldest`: the oldest in memory;
    `missed`: rows after the asked number that are not in memory any more; `more`: wanted ones that did not fit.
    """

    rows: tuple[Row, ...]
    last: int
    oldest: int
    missed: int = 0
    more: bool = False

    def having_missed(self, rows: int) -> Page:
        """The same, where so many were missed in all."""
        return replace(self, missed=rows)


class Tail:
    """Not thread-safe."""

    def __init__(self, rows: int) -> None:
        self._rows: deque[Row] = deque(maxlen=rows)
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest row; 0 where there was none."""
        return self._last

    def add(self, topic: str, event: AuditEvent) -> None:
        """The next event, read from an audit topic."""
        self._last += 1
        self._rows.append(row_of(self._last, topic, event))

    def newest(self, wanted: Wanted, limit: int, after: int = 0, before: int = 0) -> Page:
        """Up to `limit` rows with a number above `after`, and below `before` where that is given."""
        oldest = self._rows[0].number if self._rows else self._last + 1
        found = list(islice(self._matching(wanted, after, before), limit + 1))
        missed = max(0, oldest - 1 - after) if after else 0
        return Page(tuple(found[:limit]), self._last, oldest, missed, len(found) > limit)

    def _matching(self, wanted: Wanted, after: int, before: int) -> Iterator[Row]:
        for row in reversed(self._rows):
            if row.number <= after:
                return
            if (not before or row.number < before) and wanted.matches(row):
                yield row
