"""A known date in every order and notation: the digits it may be written with, and its month by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from schemas.hidden import Hidden
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import STRONG, Find

# Folded names in the languages most texts are in, and their abbreviations. Written by hand.
_MONTHS = (
    "january januar jaenner janner janvier enero gennaio januari janeiro jan janv ene gen",
    "february februar fevrier febrero febbraio februari fevereiro feb fev fevr",
    "march marz maerz mars marzo maart marco mar mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio mei maio mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august aout agosto augustus aug ago",
    "september septembre septiembre settembre setembro sept sep set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember decembre diciembre dicembre dezembro dec dez dic",
)
_BETWEEN = "of the day de del den der di du le el do st nd rd th er"
_GLUE = frozenset(_BETWEEN.split())
_NUMERIC = re.compile(r"\s*(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{4}|\d{2})(?!\d)")
_COMPACT = re.compile(r"\s*((?:18|19|20)\d\d)(\d\d)(\d\d)\s*")
_NUMBER = re.compile(r"0?(\d{1,4})(?:st|nd|rd|th|er|te|ten|o|a)?")
_YEAR = re.compile(r"\b(?:18|19|20)\d\d\b")
_PIECE = re.compile(r"[a-z]+|\d+")
REACH = 4  # words on either side of a month: "the 12th day of the month of May"
LAST_DAY, LAST_MONTH, FULL_YEAR = 31, 12, 4


class Date(NamedTuple):
    """A day. `year` is as it was written, with two or four digits."""

    year: str
    month: int
    day: int


def dates_of(value: str) -> list[Date]:
    """The days that a folded value in lower case may mean: both for 5/12/1990; none when it is no date."""
    match = _NUMERIC.match(value)
    compact = None if match else _COMPACT.fullmatch(value)
    if match:
        one, _, two, three = match.groups()
        readings = [(one, two, three)] if len(one) == FULL_YEAR else [(three, two, one), (three, one, two)]
    elif compact:
        readings = [(compact[1], compact[2], compact[3])]
    else:
        readings = _named(_PIECE.findall(value)) if _YEAR.search(value) else []
    dates = dict.fromkeys(Date(year, int(month), int(day)) for year, month, day in readings)
    return [one for one in dates if 1 <= one.month <= LAST_MONTH and 1 <= one.day <= LAST_DAY]


def _named(pieces: list[str]) -> list[tuple[str, str, str]]:
    months = [str(_numbers()[piece]) for piece in pieces if piece in _numbers()]
    years = [piece for piece in pieces if piece.isdigit() and len(piece) == FULL_YEAR]
    days = [piece for piece in pieces if piece.isdigit() and len(piece) <= len("31")]
    return [(years[0], months[0], days[0])] if months and years and days else []


def compact_forms(date: Date) -> Iterator[str]:
    """The date in digits alone, eight or six, in three orders."""
    day, month = f"{date.day:02}", f"{date.month:02}"
    for year in _years(date):
        yield from (day + month + year, month + day + year, year + month + day)


def triples(date: Date) -> Iterator[tuple[int, int, int]]:
    """The date as three numbers, in three orders, with and without century."""
    for year in map(int, _years(date)):
        yield from ((date.day, date.month, year), (date.month, date.day, year), (year, date.month, date.day))


def _years(date: Date) -> set[str]:
    if len(date.year) == FULL_YEAR:
        return {date.year, date.year[2:]}
    return {date.year, f"19{date.year:0>2}", f"20{date.year:0>2}"}


class Dates(Hidden):
    """Values that may be dates. They are read when a text comes in which one could stand; most texts have none."""

    __slots__ = ("_read", "_values")

    def __init__(self) -> None:
        self._values: list[tuple[str, str]] = []
        self._read: list[tuple[Date, str]] | None = None

    def add(self, value: str, kind: str) -> None:
        """Look for the dates that a folded value may be, too."""
        self._values.append((value.lower(), kind))

    @property
    def days(self) -> list[tuple[Date, str]]:
        """The known days, each with what its value is called."""
        if self._read is None:
            self._read = [(date, kind) for value, kind in self._values for date in dates_of(value)]
        return self._read

    def find(self, words: Words) -> Iterator[Find]:
        """Names of a known day's month with its day or year beside: "12th of May 1990", "May 12", "mai 1990"."""
        if not self._values or words.distinct.isdisjoint(_numbers()):
            return
        for date, kind in self.days:
            named = words.distinct.intersection(_names()[date.month])
            for place in words.places(named) if named else ():
                numbers = {str(date.day), *_years(date)}
                first, last = (_reach(words, place, step, numbers) for step in (-1, 1))
                if first < last:
                    yield Find(words.spans[first][0], words.spans[last][1], kind, STRONG)


def _reach(words: Words, place: int, step: int, numbers: set[str]) -> int:
    """How far from `place` the numbers of a date go, with nothing but glue between."""
    reached = place
    for next_place in range(place + step, place + (REACH + 1) * step, step):
        if not 0 <= next_place < len(words.all) or not words.close_together(
            *sorted((next_place, next_place - step))
        ):
            break
        number = _NUMBER.fullmatch(words.all[next_place])
        if number and number.group(1) in numbers:
            reached = next_place
        elif words.all[next_place] not in _GLUE:
            break
    return reached


@cache
def _names() -> Mapping[int, frozenset[str]]:
    return {number: frozenset(names.split()) for number, names in enumerate(_MONTHS, 1)}


@cache
def _numbers() -> Mapping[str, int]:
    return {name: number for number, names in _names().items() for name in names}
