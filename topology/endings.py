"""Up to which version orders about somebody are over: what enough people have signed. Pure.

Each of them names a version: every order up to it is over for them. What they have in common counts, so that
nobody ends an order that they have not seen, and the order in which records come does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet


class Endings:
    """`enough`: whether the signatures of these people together suffice."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._signed: dict[str, dict[str, int]] = {}
        """By whom the orders are about (or who gave them) and signer, the highest version."""

    def sign(self, name: str, signer: str, up_to: int) -> None:
        """Note a signature."""
        signed = self._signed.setdefault(name, {})
        signed[signer] = max(up_to, signed.get(signer, 0))

    def over(self, name: str) -> int:
        """Up to which version orders are over; 0: none is."""
        signed = self._signed.get(name, {})
        agreed = (
            up_to for up_to in signed.values() if self._enough({who for who, at in signed.items() if at >= up_to})
        )
        return max(agreed, default=0)

    def signers(self, name: str, version: int) -> frozenset[str]:
        """Who has signed that orders up to this version are over."""
        return frozenset(who for who, up_to in self._signed.get(name, {}).items() if up_to >= version)
