"""Who has stopped which stages of a project, and who has signed that this is over. Pure.

Stopping takes one signature, since it has to be quick. Going on takes two people, whoever has stopped it: an
account may be in other hands, and a process can't know when its reason is over. A signer's orders add up: none of
them takes back what an earlier one has stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.control import Freeze
from topology.endings import Endings


@dataclass(frozen=True, slots=True)
class _Order:
    """The latest order of a signer that names a stage."""

    version: int
    reason: str


class Freezes:
    """Of one project. `enough`: whether these signers together may let it go on."""

    def __init__(self, enough: Callable[[AbstractSet[str]], bool]) -> None:
        self._ends = Endings(enough)
        self._orders: dict[str, dict[str, _Order]] = {}
        """By signer and stage."""
        self.held: Mapping[str, Freeze] = {}
        """The freezes that hold, by signer. Replaced as a whole: label's API asks from a thread of its own."""

    def freeze(self, signer: str, version: int, freeze: Freeze) -> bool:
        """Note an order. Whether it holds and is new: then it is acknowledged, whoever has frozen the same."""
        before, of_signer = self.version(signer), self._orders.setdefault(signer, {})
        for stage in freeze.stages:
            if version > of_signer.get(stage, _NONE).version:
                of_signer[stage] = _Order(version, freeze.reason)
        return self._look() or self.version(signer) > before

    def lift(self, signer: str, by: str, up_to: int) -> bool:
        """Note `by`'s signature that `signer`'s freezes are over. Whether more of them are by it."""
        before = self.over(signer)
        self._ends.sign(signer, by, up_to)
        self._look()
        return self.over(signer) > before

    def over(self, signer: str) -> int:
        """Up to which version a signer's freezes are over; 0: none is."""
        return self._ends.over(signer)

    def version(self, signer: str) -> int:
        """The version of a signer's latest freeze that holds; 0: none does."""
        return max((order.version for order in self._holding(signer).values()), default=0)

    def signers(self, signer: str) -> frozenset[str]:
        """Who has signed that every freeze of this signer which holds now is over."""
        return self._ends.signers(signer, self.version(signer))

    def _holding(self, signer: str) -> Mapping[str, _Order]:
        over = self.over(signer)
        return {stage: it for stage, it in self._orders.get(signer, {}).items() if it.version > over}

    def _look(self) -> bool:
        """See anew what holds. Whether stages are stopped that were not, or go on."""
        found = {}
        for signer in sorted(self._orders):
            if orders := self._holding(signer):
                latest = max(orders.values(), key=lambda it: it.version)
                found[signer] = Freeze(frozenset(orders), latest.reason)
        changed = found != self.held
        self.held = found
        return changed


_NONE = _Order(0, "")
