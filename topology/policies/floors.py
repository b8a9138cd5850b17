"""What packs and tier make of a policy's own words: the stricter of all wins, and nothing becomes weaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from topology.policies.actions import Action, Tier, Treatment, raised, stricter
from topology.policies.model import CustomPattern, Detection, FailedChecksum, Mode, Years
from topology.policies.packs import Pack

T = TypeVar("T")
_MODES = {mode: rank for rank, mode in enumerate(Mode)}


@dataclass(frozen=True, slots=True)
class Floors:
    """The floors of one policy. Without packs and tier, as for a published policy, they change nothing."""

    default: Treatment
    tier: Tier | None
    actions: dict[str, Treatment]
    weakest: dict[str, Treatment]

    @classmethod
    def of(cls, default: Treatment, tier: Tier | None, packs: Sequence[Pack]) -> Floors:
        """The strictest of all packs, category by category."""
        defaults = [pack.default for pack in packs if pack.default]
        floor = [Treatment(tier.weakest_value)] if tier else []
        return cls(
            stricter(default, *defaults, *floor),
            tier,
            _strictest(pack.actions() for pack in packs),
            _strictest(pack.weakest() for pack in packs),
        )

    def category(self, name: str, own: Treatment | None) -> Treatment:
        """What a category gets: the policy's own word, where it is silent the packs', else the default."""
        usual = self.actions.get(name, self.default)
        return self._at_least(own or usual, name, self.tier, usual)

    def rule(self, own: Treatment | None, category: str | None, tier: Tier | None, usual: Treatment) -> Treatment:
        """What a field or tag gets; `usual` is what its category gets. Its own tier stands for the policy's."""
        tier = tier or self.tier or Tier.PUBLIC
        text = Treatment(tier.weakest_text)
        if category is None or (own and own.action is Action.DETECT):
            return raised(own or text, text, text)
        return self._at_least(own or usual, category, tier, usual)

    def detection(self, own: Detection, packs: Sequence[Pack]) -> Detection:
        """At least as thorough as every pack asks, with the patterns that packs bring."""
        return replace(
            own,
            mode=max((own.mode, *(pack.mode for pack in packs)), key=_MODES.__getitem__),
            failed_checksum=_either(FailedChecksum.MASK, own.failed_checksum, *(p.failed_checksum for p in packs)),
            years=_either(Years.HIDE, own.years, *(pack.years for pack in packs)),
            patterns=_distinct((*own.patterns, *chain.from_iterable(pack.patterns for pack in packs))),
        )

    def _at_least(self, treatment: Treatment, category: str, tier: Tier | None, instead: Treatment) -> Treatment:
        if category in self.weakest:
            treatment = raised(treatment, self.weakest[category], instead)
        return raised(treatment, Treatment(tier.weakest_value), self.default) if tier else treatment


def _strictest(each: Iterable[dict[str, Treatment]]) -> dict[str, Treatment]:
    found: dict[str, Treatment] = {}
    for treatments in each:
        for category, treatment in treatments.items():
            found[category] = stricter(found.get(category, treatment), treatment)
    return found


def _either(strict: T, *given: T) -> T:
    return strict if strict in given else given[0]


def _distinct(patterns: Iterable[CustomPattern]) -> tuple[CustomPattern, ...]:
    return tuple({pattern.name: pattern for pattern in patterns}.values())
