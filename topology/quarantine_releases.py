"""Which releases from quarantine are in force. Pure.

An order takes two people, who must have signed the very same: which quarantined revision of which record, under
which policy version, why. It is carried out once, so nothing ends it. Each revision is released once; where the
record ends in quarantine again, that is another revision, for another order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from schemas.quarantine_release import QuarantineRelease


class QuarantineReleases:
    """Of one project. `enough`: whether the signatures of these people together suffice."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._enough = enough
        self._signed: dict[str, dict[QuarantineRelease, dict[str, int]]] = {}
        """By target: who has signed, and when they say they first did (milliseconds)."""
        self.in_force: frozenset[QuarantineRelease] = frozenset()
        """Replaced as a whole. Of one record there are several where people went around `veil`: the record comes
        back once all the same.
        """

    def sign(self, order: QuarantineRelease, signer: str, at: int) -> bool:
        """Note a signature. Whether the order comes into force by it."""
        signers = self._signed.setdefault(order.target, {}).setdefault(order, {})
        signers[signer] = min(at, signers.get(signer, at))
        if order in self.in_force or not self._enough(signers.keys()):
            return False
        self.in_force |= {order}
        return True

    def of(self, target: str) -> tuple[QuarantineRelease, ...]:
        """The orders in force about one quarantined revision."""
        return tuple(sorted(self.in_force.intersection(self._signed.get(target, ()))))

    def signers(self, order: QuarantineRelease) -> Mapping[str, int]:
        """Who has signed this order, and when they say they did (milliseconds)."""
        return self._signed.get(order.target, {}).get(order, {})

    def waiting(self) -> tuple[QuarantineRelease, ...]:
        """Those that somebody has signed about records that no order in force is about."""
        open_ = (orders for target, orders in self._signed.items() if not self.of(target))
        return tuple(sorted(order for orders in open_ for order in orders))
