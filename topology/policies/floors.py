"""What packs and tier make of a policy's own words: the strictest wins, and what a pack forbids is replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

from topology.policies.actions import Action, Tier, Treatment, raised, stricter
from topology.policies.model import Detection, FailedChecksum, Mode, Years
from topology.policies.packs import Pack

T = TypeVar("T")
_MODES = {mode: rank for rank, mode in enumerate(Mode)}


@dataclass(frozen=True, slots=True)
class Floors:
    """The floors of one policy. Without packs and tier, as for a published policy, they change nothing.

    `never` are the actions that packs forbid for a category, although they leave less than its weakest.
    """

    default: Treatment
    tier: Tier | None
    actions: dict[str, Treatment]
    weakest: dict[str, Treatment]
    never: Mapping[str, frozenset[Action]] = field(default_factory=dict)

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
            _forbidden(pack.never() for pack in packs),
        )

    def category(self, name: str, own: Treatment | None) -> Treatment:
        """What a category gets: the policy's own word, where it is silent the packs', else the default."""
        usual = self.actions.get(name, self.default)
        return self._at_least(own or usual, name, self.tier, usual)

    def rule(self, own: Treatment | None, category: str | None, tier: Tier | None, usual: Treatment) -> Treatment:
        """What a field or tag gets; `usual` is what its category gets. Its own tier stands for the policy's.

        A field that is only searched is a text, unless a pack asks more for the category that it is said to have.
        """
        tier = tier or self.tier or Tier.PUBLIC
        text = Treatment(tier.weakest_text)
        if category is None:
            return raised(own or text, text, text)
        if own and own.action is Action.DETECT and category not in self.weakest:
            return raised(own, text, text)
        return self._at_least(own or usual, category, tier, usual)

    def condition(self, category: str, asked: Treatment) -> Treatment:
        """What a condition may ask for a category: the packs' own action in place of one that they forbid."""
        return self.actions[category] if self._is_forbidden(category, asked) else asked

    def detection(self, own: Detection, packs: Sequence[Pack]) -> Detection:
        """At least as thorough as every pack asks, with the patterns that packs bring."""
        return replace(
            own,
            mode=max((own.mode, *(pack.mode for pack in packs)), key=_MODES.__getitem__),
            failed_checksum=_either(FailedChecksum.MASK, own.failed_checksum, *(p.failed_checksum for p in packs)),
            years=_either(Years.HIDE, own.years, *(pack.years for pack in packs)),
            patterns=(*own.patterns, *chain.from_iterable(one.patterns for one in _by_name(packs))),
        )

    def _at_least(self, treatment: Treatment, category: str, tier: Tier | None, instead: Treatment) -> Treatment:
        if self._is_forbidden(category, treatment):
            treatment = instead
        if category in self.weakest:
            treatment = raised(treatment, self.weakest[category], instead)
        return raised(treatment, Treatment(tier.weakest_value), self.default) if tier else treatment

    def _is_forbidden(self, category: str, treatment: Treatment) -> bool:
        return treatment.action in self.never.get(category, ())


def _strictest(each: Iterable[dict[str, Treatment]]) -> dict[str, Treatment]:
    found: dict[str, Treatment] = {}
    for treatments in each:
        for category, treatment in treatments.items():
            found[category] = stricter(found.get(category, treatment), treatment)
    return found


def _forbidden(each: Iterable[dict[str, frozenset[Action]]]) -> dict[str, frozenset[Action]]:
    found: dict[str, frozenset[Action]] = {}
    for actions in each:
        for category, never in actions.items():
            found[category] = found.get(category, frozenset()) | never
    return found


def _by_name(packs: Sequence[Pack]) -> list[Pack]:
    """In an order of their own, so that the order in which a policy names them doesn't change its hash."""
    return sorted(packs, key=lambda pack: pack.name)


def _either(strict: T, *given: T) -> T:
    return strict if strict in given else given[0]
