"""Which orders to redact again are in force. Pure.

An order takes two people, who must have signed the very same body: what number, which policy, since when. It is
carried out once, so nothing ends it, and it does not matter in which order signatures come.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

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
        """Those that somebody has signed and that are not in force, by number."""
        return tuple(sorted(order for order in self._signed if order not in self.in_force))

    def next_number(self) -> int:
        """That of an order that nobody has signed yet."""
        return max((order.number for order in self._signed), default=0) + 1
