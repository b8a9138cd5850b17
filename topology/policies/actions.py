"""What may happen to a value: the actions, their parameters, and which of two leaves less to see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to a field, or to a find inside free text, from weakest to strongest.

    `detect` is for fields only: their text is searched, and each find gets the action of its category.
    A generalized value is still partly there; a token tells that two records are about the same; a surrogate keeps
    the form of a value, a placeholder its kind and that it repeats, a mask its kind alone.
    """

    PASS = "pass"  # noqa: S105 - an action, not a password
    DETECT = "detect"
    GENERALIZE = "generalize"
    TOKEN = "token"  # noqa: S105 - an action
    SURROGATE = "surrogate"
    PLACEHOLDER = "placeholder"
    MASK = "mask"
    DROP = "drop"

    @property
    def strength(self) -> int:
        """Rank by how little is left to see; a producer's tag may only move a field upwards."""
        return _STRENGTH[self]


_STRENGTH = {action: rank for rank, action in enumerate(Action)}


class Target(StrEnum):
    """To what a value is generalized; of those for one kind of value, the coarser comes later."""

    AGE_TO_89 = "age-to-89"  # the age, 90 and more as one
    BAND = "band"  # ten years of age, 90 and more as one
    YEAR = "year"
    YEAR_TO_89 = "year-to-89"  # the year, unless somebody born in it may be 90
    DECADE = "decade"
    RANGE = "range"  # of numbers, `step` wide
    REGION = "region"  # a state of the USA, elsewhere the country
    COUNTRY = "country"
    ZIP3 = "zip3"  # three digits of a US ZIP code, 000 where few people live


class Scope(StrEnum):
    """Within what the same value has the same token, from widest to narrowest."""

    PROJECT = "project"
    DATASET = "dataset"  # all records under policies of one name
    RECORD = "record"


class Keep(StrEnum):
    """What a mask leaves: PCI DSS 3.4.1 lets the first six and last four digits of a card number be seen."""

    ENDS = "first-6-last-4"


_LIKE = (
    {Target.AGE_TO_89, Target.BAND},
    {Target.YEAR, Target.YEAR_TO_89, Target.DECADE},
    {Target.RANGE},
    {Target.REGION, Target.COUNTRY},
    {Target.ZIP3},
)
"""Targets for one kind of value. Of two others neither leaves less: a range tells what a decade hides."""
_TARGETS = {target: rank for rank, target in enumerate(Target)}
_SCOPES = {scope: rank for rank, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class Treatment:
    """An action with its parameters. `step` is for ranges only, in units of the value."""

    action: Action
    to: Target | None = None
    step: int = 0
    scope: Scope | None = None
    keep: Keep | None = None

    @property
    def strength(self) -> tuple[int, int, int]:
        """Comparable. A mask that leaves digits is no stronger than what lets the text be searched."""
        action = Action.DETECT if self.keep else self.action
        detail = (
            _TARGETS[self.to] if self.to else _SCOPES[self.scope] if self.scope else int(self.keep is not None)
        )
        return action.strength, detail, self.step


def stricter(*treatments: Treatment) -> Treatment:
    """The one that leaves least to see, the first of those that leave as little; a placeholder where none does."""
    strictest = max(treatments, key=lambda treatment: treatment.strength)
    unlike = any(are_unlike(strictest, one) for one in treatments)
    return Treatment(Action.PLACEHOLDER) if unlike else strictest


def raised(treatment: Treatment, floor: Treatment, instead: Treatment) -> Treatment:
    """`treatment`, or where it is weaker than `floor`, `instead` or the floor itself, whichever leaves less."""
    reaches = treatment.strength >= floor.strength and not are_unlike(treatment, floor)
    return treatment if reaches else stricter(instead, floor)


def are_unlike(one: Treatment, other: Treatment) -> bool:
    """Whether both generalize, but to targets for unlike kinds of value, so that neither is the stricter."""
    both = {one.to, other.to} - {None}
    return len(both) > 1 and not any(both <= like for like in _LIKE)


class Tier(StrEnum):
    """How sensitive a field or a dataset is. Each names the weakest that may happen to what is in it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def weakest_value(self) -> Action:
        """For a value with a category, named by a rule or found in a text."""
        return _VALUES[self]

    @property
    def weakest_text(self) -> Action:
        """For a field without a category: a public one passes, a restricted one isn't shown even searched."""
        return _TEXTS[self]


_VALUES = dict(zip(Tier, (Action.PASS, Action.GENERALIZE, Action.SURROGATE, Action.MASK), strict=True))
_TEXTS = dict(zip(Tier, (Action.PASS, Action.DETECT, Action.DETECT, Action.MASK), strict=True))
