"""Who may do nothing in a project any more, and who has signed that they may again. Pure.

A revocation holds by one signature, since it has to be quick; ending it takes two people. Each of them names a
version: every revocation up to it is over for them. What the two have in common counts, so that nobody ends a
revocation that they have not seen, and the order in which records come does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet


class Revocations:
    """Of one project. `enough`: whether these signers together may let somebody in again."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._orders: dict[str, dict[str, int]] = {}
        """By person and signer, the highest version."""
        self._ends: dict[str, dict[str, int]] = {}
        """By person and signer, the highest version up to which they have signed that it is over."""
        self.held: frozenset[str] = frozenset()
        """Who is revoked now. Replaced as a whole: label's API asks from a thread of its own."""

    def revoke(self, person: str, signer: str, version: int) -> bool:
        """Note an order. Whether it holds and is new: then it is acknowledged, whoever else has revoked them."""
        return self._note(self._orders, person, signer, version)

    def reinstate(self, person: str, signer: str, up_to: int) -> bool:
        """Note a signature. Whether it ends a revocation."""
        return self._note(self._ends, person, signer, up_to)

    def named(self) -> frozenset[str]:
        """Everybody whom an order is about, whether it holds or is over."""
        return frozenset(self._orders)

    def by(self, person: str) -> Mapping[str, int]:
        """Whose revocations of this person hold, with their versions."""
        over = self.over(person)
        return {who: version for who, version in sorted(self._orders.get(person, {}).items()) if version > over}

    def over(self, person: str) -> int:
        """Up to which version revocations of this person are over; 0: none is."""
        ends = self._ends.get(person, {})
        agreed = (
            up_to for up_to in ends.values() if self._enough({who for who, at in ends.items() if at >= up_to})
        )
        return max(agreed, default=0)

    def signers(self, person: str) -> frozenset[str]:
        """Who has signed that every revocation which holds now is over."""
        newest = max(self.by(person).values(), default=0)
        return frozenset(who for who, up_to in self._ends.get(person, {}).items() if up_to >= newest)

    def next_version(self, person: str) -> int:
        """The lowest version with which a new revocation of this person holds."""
        return self.over(person) + 1

    def _note(self, noted: dict[str, dict[str, int]], person: str, signer: str, version: int) -> bool:
        before = self.by(person)
        of_person = noted.setdefault(person, {})
        of_person[signer] = max(version, of_person.get(signer, 0))
        after = self.by(person)
        self.held = self.held | {person} if after else self.held - {person}
        return after != before
