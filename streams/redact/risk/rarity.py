"""How few people have all the coarse values that a record still shows.

A birth year, a region and a job tell of nobody; together they may. The expected number of people with all of them
is that of the place times the share of each other value, taken as independent: k. The chance of pointing at the
right one is 1/k (prosecutor's risk; El Emam and Dankar, JAMIA 2008, for the notion).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from streams.redact.risk.population import Population
from topology.policies import Target

_AGES = re.compile(r"\d{1,3}")
_OVER_89 = 90
_SHARE_OF_TARGET = {
    Target.YEAR: "year",
    Target.YEAR_TO_89: "year",
    Target.DECADE: "decade",
    Target.AGE_TO_89: "age",
    Target.BAND: "band",
    Target.RANGE: "range",
}
_SHARE_OF_CATEGORY = {
    "AGE": "age",
    "DATE_TIME": "year",
    "YEAR": "year",
    "TITLE": "occupation",
    "GENDER": "gender",
    "NRP": "nationality",
    "NATIONALITY": "nationality",
}
_PLACES = frozenset({"LOCATION", "ADDRESS", "COUNTRY", "REGION", "CITY"})


@dataclass(frozen=True, slots=True, repr=False)
class Trait:
    """A value shown in part or as it was: its category, what is shown, and to what it was generalized."""

    category: str
    shown: str
    to: Target | None = None

    def __repr__(self) -> str:
        return f"Trait({self.category}, <hidden>)"


def people_alike(traits: Iterable[Trait], population: Population) -> float:
    """The expected number of people who share all `traits`; a trait that is shown twice counts once."""
    place, share = float(population.unknown_place), 1.0
    places: list[int] = []
    for trait in {(one.category, one.shown, one.to): one for one in traits}.values():
        here = _people(trait, population)
        if here is not None:
            places.append(here)
        else:
            share *= _share(trait, population)
    return (min(places) if places else place) * share


def _people(trait: Trait, population: Population) -> int | None:
    if trait.to is Target.ZIP3:
        return population.zip3
    if trait.to in {Target.REGION, Target.COUNTRY} or trait.category in _PLACES:
        return population.places.get(trait.shown, population.zip3)  # a place unknown to the table counts as small
    return None


def _share(trait: Trait, population: Population) -> float:
    name = _SHARE_OF_TARGET.get(trait.to) if trait.to else _SHARE_OF_CATEGORY.get(trait.category)
    if name in {"age", "band"} and _is_oldest(trait.shown):
        name = "oldest"
    return population.shares[name] if name else 1.0


def _is_oldest(shown: str) -> bool:
    return any(int(number) >= _OVER_89 for number in _AGES.findall(shown))
