"""What may be told of a value when somebody asks: a coarse class, made by rule or from the table of places. Pure.

A hint holds no word of its value, and at least `least` values share it; where that can't be, there is none. There
is no second, coarser try for those few: it would be shared by them alone.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from streams.redact.detect.shadow import FOREIGN, fold
from streams.redact.transform.ages import OLDEST, years_old
from streams.redact.transform.generalize import MAX_LENGTH
from streams.redact.transform.places import kind_of_place, known_places
from streams.redact.transform.years import OLDEST_SHOWN_AGE, year_of
from topology.policies.hints import Hint

_WORD = re.compile(r"[^\W_]+")


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


def sharing(hint: str) -> int:
    """How many places of the table share this hint."""
    return _shared()[hint]


def _said(folded: str, hint: Hint, least: int, latest_year: int) -> str | None:
    if hint is Hint.COUNTRY:
        return _place(folded, least)
    return _band(folded) if hint is Hint.BAND else _decade(folded, latest_year)


def _place(folded: str, least: int) -> str | None:
    known = kind_of_place(folded)
    said = _of_place(*known) if known else None
    return said if said is not None and sharing(said) >= least else None


def _of_place(kind: str, country: str) -> str:
    """Of a country it is told that it is one: which continent is not in the table."""
    return kind if kind == "country" else f"{kind} in {country}"


@cache
def _shared() -> Counter[str]:
    """Counted once a process, in 25 ms, over 7,200 places."""
    told = ((name, _of_place(*known)) for name, known in known_places())
    return Counter(said for name, said in told if not shares_a_word(said, name))


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
