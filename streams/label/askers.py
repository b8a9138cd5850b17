"""Who asks for a task, and what of the queue is theirs to take. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from topology.switches import FREE, Excluded


@dataclass(frozen=True, slots=True)
class Asker:
    """A person as the index sees them. `batch`: they want tasks of this one only; empty: of any.

    `withheld`: batches and tasks that they don't get now.
    """

    person: str
    adjudicates: bool = False
    skills: frozenset[str] = frozenset()
    batch: str = ""
    withheld: Excluded = FREE


def nobody(_: str) -> bool:
    """Of a project without adjudicators."""
    return False


def unskilled(_: str) -> frozenset[str]:
    """Of a project that says of nobody what they can."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class People:
    """What is known of persons; asked anew at each lease, so that a change is in force at once."""

    adjudicates: Callable[[str], bool] = nobody
    """Whether they adjudicate."""
    skills_of: Callable[[str], frozenset[str]] = unskilled
    """What they can."""
    excluded_from: Callable[[str], Excluded] = field(default=lambda _: FREE)
    """What an operator keeps them from; everything where they are revoked."""
    paused: Callable[[], frozenset[str]] = frozenset
    """Batches that nobody gets tasks of now."""

    def asker(self, person: str, batch: str = "") -> Asker:
        """The person as they stand now."""
        excluded, paused = self.excluded_from(person), self.paused()
        withheld = replace(excluded, batches=excluded.batches | paused) if paused else excluded
        return Asker(person, self.adjudicates(person), self.skills_of(person), batch, withheld)
