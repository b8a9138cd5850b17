"""What may be told of a value when somebody asks: a coarse class, made by rule or from the table of places. Pure.

A hint holds no word of its value, and at least `least` values share it; where that can't be, there is none. There
is no second, coarser try for those few: it would be shared by them alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streams.redact.detect.shadow import FOREIGN, fold
from streams.redact.transform.ages import OLDEST, years_old
from streams.redact.transform.generalize import MAX_LENGTH
from streams.redact.transform.places import cities_of, country_of_city
from streams.redact.transform.years import OLDEST_SHOWN_AGE, year_of
from topology.policies.hints import Hint

_WORD = re.compile(r"[^\W_]+")
_COUNTRIES = 512
"""Kept counted, two thresholds of each country there is."""


def hint_of(value: str, hint: Hint, least: int, latest_year: int) -> str | None:
    """`city in France`, `after 1979, before 1990`, `older than 29, younger than 40`; None where it can't be said.

    `latest_year` is the last in which the policy is used, so that nobody is older than in that year.
    """
    folded = fold(value).strip()
    if len(folded) > MAX_LENGTH or FOREIGN in folded:
        return None
    said = _said(folded, hint, least, latest_year)
    return None if said is None or shares_a_word(said, value) else said


def shares_a_word(hint: str, value: str) -> bool:
    """Whether a word or number of the value stands in the hint, however it is written."""
    return not _words(hint).isdisjoint(_words(value))


def sharing(country: str) -> int:
    """How many cities of the table share the hint of this country."""
    said = _in_country(country)
    return sum(not shares_a_word(said, city) for city in cities_of(country))


def _said(folded: str, hint: Hint, least: int, latest_year: int) -> str | None:
    if hint is Hint.COUNTRY:
        return _country(folded, least)
    return _band(folded) if hint is Hint.BAND else _decade(folded, latest_year)


def _country(folded: str, least: int) -> str | None:
    country = country_of_city(folded)
    return _in_country(country) if country is not None and _is_shared(country, least) else None


def _in_country(country: str) -> str:
    return f"city in {country}"


@lru_cache(maxsize=_COUNTRIES)
def _is_shared(country: str, least: int) -> bool:
    return sharing(country) >= least


def _decade(folded: str, latest_year: int) -> str | None:
    """Its bounds lie outside. Years that tell of ages over 89 are one with the rest of their decade: of a decade
    that is cut there, three years might be left.
    """
    found = year_of(folded, latest_year)
    if found is None:
        return None
    begin = int(found) // 10 * 10
    oldest = -(-(latest_year - OLDEST_SHOWN_AGE) // 10) * 10
    return f"after {begin - 1}, before {begin + 10}" if begin >= oldest else f"before {oldest}"


def _band(folded: str) -> str | None:
    years = years_old(folded)
    if years is None:
        return None
    begin = years // 10 * 10
    if years > OLDEST:
        return f"older than {OLDEST}"
    return f"older than {begin - 1}, younger than {begin + 10}" if begin else f"younger than {begin + 10}"


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(text).lower()))
