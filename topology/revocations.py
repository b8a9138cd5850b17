"""Who may do nothing in a project any more, and who has signed that they may again. Pure.

A revocation holds by one signature, since it has to be quick; ending it takes two people (`endings.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from topology.endings import Endings


class Revocations:
    """Of one project. `enough`: whether these signers together may let somebody in again."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._ends = Endings(enough)
        self._orders: dict[str, dict[str, int]] = {}
        """By person and signer, the highest version."""
        self.held: frozenset[str] = frozenset()
        """Who is revoked now. Replaced as a whole: label's API asks from a thread of its own."""

    def revoke(self, person: str, signer: str, version: int) -> bool:
        """Note an order. Whether it holds and is new: then it is acknowledged, whoever else has revoked them."""
        before, of_person = self.by(person), self._orders.setdefault(person, {})
        of_person[signer] = max(version, of_person.get(signer, 0))
        return self._look(person, before)

    def reinstate(self, person: str, signer: str, up_to: int) -> bool:
        """Note a signature. Whether it ends a revocation."""
        before = self.by(person)
        self._ends.sign(person, signer, up_to)
        return self._look(person, before)

    def named(self) -> frozenset[str]:
        """Everybody whom an order is about, whether it holds or is over."""
        return frozenset(self._orders)

    def by(self, person: str) -> Mapping[str, int]:
        """Whose revocations of this person hold, with their versions."""
        over = self.over(person)
        return {who: version for who, version in sorted(self._orders.get(person, {}).items()) if version > over}

    def over(self, person: str) -> int:
        """Up to which version revocations of this person are over; 0: none is."""
        return self._ends.over(person)

    def signers(self, person: str) -> frozenset[str]:
        """Who has signed that every revocation which holds now is over."""
        return self._ends.signers(person, max(self.by(person).values(), default=0))

    def next_version(self, person: str) -> int:
        """The lowest version with which a new revocation of this person holds."""
        return self.over(person) + 1

    def _look(self, person: str, before: Mapping[str, int]) -> bool:
        after = self.by(person)
        self.held = self.held | {person} if after else self.held - {person}
        return after != before
