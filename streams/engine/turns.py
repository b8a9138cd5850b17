"""Two transactional ids used by turns: which one is next, and when the second may be used. Pure.

The first id decides who owns the slot; the second only saves waiting. What must hold (decisions/0004, checked over
all interleavings in `tests/simulation/test_takeovers.py`):

1. A session initialises the first id, then the second, and only then reads what is committed.
2. It uses the second only after the first has committed since the second was last initialised.
3. Whoever is fenced on the first ends. Whoever is fenced on the second rebuilds its memory, commits on the first,
   initialises the second again, and is back at 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Second(Enum):
    """What a session knows of its second id."""

    UNPROVEN = "unproven"
    """Initialised; the first id has not committed since, so somebody may have taken over before that."""
    USABLE = "usable"
    """The first id has committed since: whoever takes over later initialises the second later, too."""
    LOST = "lost"
    """Somebody else has initialised it. Who of the two owns the slot is not known."""
    OURS_AGAIN = "ours again"
    """Lost, but the first id has committed since: the slot is ours, and it may be initialised again."""


_AFTER_FIRST = {Second.UNPROVEN: Second.USABLE, Second.LOST: Second.OURS_AGAIN}


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is. A new value after each event."""

    second: Second = Second.UNPROVEN
    rested: bool = False
    """Whether the first id has committed since the second was used: now it is the second's turn."""

    def takes_second(self, *, positions: bool) -> bool:
        """Whether the next transaction is the second id's. One that sends positions never is: two ids' markers may
        be written in either order, and positions must not depend on it.
        """
        return self.second is Second.USABLE and self.rested and not positions

    def first_committed(self) -> Turns:
        """The broker has confirmed a transaction of the first id."""
        return Turns(_AFTER_FIRST.get(self.second, self.second), rested=True)

    def second_committed(self) -> Turns:
        """The broker has confirmed a transaction of the second id."""
        return replace(self, rested=False)

    def second_fenced(self) -> Turns:
        """A transaction of the second id was refused, since somebody has initialised it."""
        return Turns(Second.LOST)

    def second_initialised(self) -> Turns:
        """It was initialised again."""
        return replace(self, second=Second.UNPROVEN)
