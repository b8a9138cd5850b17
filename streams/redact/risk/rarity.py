"""How few people have all the coarse values that a record still shows.

A birth year, a region and a job tell of nobody; together they may. The expected number of people with all of them
is that of the place times the share of each other value, taken as independent: k. The chance of pointing at the
right one is 1/k (prosecutor's risk; El Emam and Dankar, JAMIA 2008, for the notion). The reader is taken to know
the city, whatever place is shown, so that showing more never makes more people; and a value of which no share is
known is taken to be one person's.
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
    "DATE_OF_BIRTH": "year",
    "DATE_TIME": "year",
    "YEAR": "year",
    "TITLE": "occupation",
    "ORGANIZATION": "occupation",  # whom somebody works for tells about as much as what they do
    "GENDER": "gender",
    "PREFIX": "gender",  # Mr, Mrs
    "NRP": "nationality",
    "NATIONALITY": "nationality",
    "ETHNICITY": "nationality",
    "RELIGION": "nationality",
}
_HARMLESS = frozenset(
    {
        "ABA_ROUTING_NUMBER",  # of a bank, never of its client
        "BIC",  # the same, elsewhere
    }
)
_UNLISTED = "unlisted"
_DATED = frozenset({"DATE_OF_BIRTH", "DATE_TIME"})
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_NUMBERS = re.compile(r"\d+")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)
_YEAR_DIGITS = 4
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
    share, places = 1.0, [population.unknown_place]
    for trait in {(one.category, one.shown, one.to): one for one in traits}.values():
        here = _people(trait, population)
        if here is not None:
            places.append(here)
        else:
            share *= _share(trait, population)
    return min(places) * share


def _people(trait: Trait, population: Population) -> int | None:
    if trait.to is Target.ZIP3:
        return population.zip3
    if trait.to in {Target.REGION, Target.COUNTRY} or trait.category in _PLACES:
        return population.places.get(trait.shown, population.zip3)  # a place unknown to the table counts as small
    return None


def _share(trait: Trait, population: Population) -> float:
    if trait.to is None and trait.category in _HARMLESS:
        return 1.0
    return population.shares[_name(trait)]


def _name(trait: Trait) -> str:
    """Of the share in the table."""
    if trait.to is None and trait.category in _DATED:
        return _of_date(trait.shown)
    name = _SHARE_OF_TARGET.get(trait.to) if trait.to else _SHARE_OF_CATEGORY.get(trait.category)
    if name in {"age", "band"} and _is_oldest(trait.shown):
        return "oldest"
    return name or _UNLISTED


def _of_date(shown: str) -> str:
    """A day is two numbers, or one of more digits than a year has, besides the time of day; "12 March" and "March
    1984" tell more than a year, and a month of one tells more than either.
    """
    numbers = _NUMBERS.findall(_CLOCK.sub(" ", shown))
    if len(numbers) > 1 or any(len(number) > _YEAR_DIGITS for number in numbers):
        return "day"
    return "month" if numbers and _MONTH.search(shown) else "year"


def _is_oldest(shown: str) -> bool:
    return any(int(number) >= _OVER_89 for number in _AGES.findall(shown))
