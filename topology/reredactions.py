"""Which orders to redact again are in force. Pure.

An order takes two people, who must have signed the very same body: what number, which policy, since when. It is
carried out once, so nothing ends it, and it does not matter in which order signatures come.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from itertools import count

from schemas.reredaction import Reredaction


class Reredactions:
    """Of one project. `enough`: whether the signatures of these people together suffice."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._signed: dict[Reredaction, set[str]] = {}
        self.in_force: tuple[Reredaction, ...] = ()
        """By number. Of two with one number (somebody went around `veil`) the first taken up counts."""

    def sign(self, order: Reredaction, signer: str) -> bool:
        """Note a signature. Whether the order comes into force by it."""
        before = self._enough(self._signed.setdefault(order, set()))
        self._signed[order].add(signer)
        if before or not self._enough(self._signed[order]):
            return False
        self.in_force = tuple(sorted((*self.in_force, order)))
        return True

    def signers(self, order: Reredaction) -> frozenset[str]:
        """Who has signed this order."""
        return frozenset(self._signed.get(order, ()))

    def waiting(self) -> tuple[Reredaction, ...]:
        """Those that somebody has signed and that may come into force by another signature, by number.

        One that a higher number has overtaken is left out: numbers rise, so it would never be carried out.
        """
        return tuple(sorted(order for order in self._signed if order.number > self._highest))

    def next_number(self) -> int:
        """The lowest above those in force that nobody has signed yet: one person alone can't use numbers up."""
        taken = {order.number for order in self._signed}
        return next(number for number in count(self._highest + 1) if number not in taken)

    @property
    def _highest(self) -> int:
        return max((order.number for order in self.in_force), default=0)
