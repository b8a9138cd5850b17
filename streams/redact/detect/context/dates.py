"""A known date in every order and notation: the digits it may be written with, and its month by name."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from schemas.hidden import Hidden
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import STRONG, WEAK, Find

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
# Day and month without a year, by themselves: 12.3. and 3/12, but neither in 12.3.85 nor in 1.12.3.
_PAIR = re.compile(r"(?<![\d./-])(\d{1,2})([./-]) ?(\d{1,2})(?![./-]? ?\d)")
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
    months = [str(_months()[piece]) for piece in pieces if piece in _months()]
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

    __slots__ = ("_numbers", "_pairs", "_read", "_values")

    def __init__(self) -> None:
        self._values: list[tuple[str, str]] = []
        self._read: list[tuple[Date, str]] | None = None
        self._numbers: dict[int, dict[str, str]] = {}
        self._pairs: dict[tuple[int, int], str] = {}

    def add(self, value: str, kind: str) -> None:
        """Look for the dates that a folded value may be, too."""
        self._values.append((value.lower(), kind))

    @property
    def days(self) -> list[tuple[Date, str]]:
        """The known days, each with what its value is called."""
        if self._read is None:
            self._read = [(date, kind) for value, kind in self._values for date in dates_of(value)]
            for date, kind in self._read:
                self._pairs |= {(date.day, date.month): kind, (date.month, date.day): kind}
                numbers = self._numbers.setdefault(date.month, {})
                for number in (str(date.day), *_years(date)):
                    numbers.setdefault(number, kind)
        return self._read

    def find(self, words: Words) -> Iterator[Find]:
        """What is said of a known day without all of it."""
        if self._values:
            yield from self._in_numbers(words.text)
            yield from self._in_words(words)

    def _in_numbers(self, text: str) -> Iterator[Find]:
        """A known day and its month in digits, in either order: "12.3." and "3/12"."""
        for match in _PAIR.finditer(text):
            kind = self._pairs.get((int(match[1]), int(match[3]))) if self.days else None
            if kind is not None:
                yield Find(*match.span(), kind, WEAK)

    def _in_words(self, words: Words) -> Iterator[Find]:
        """Names of a known day's month with its day or year beside: "12th of May 1990", "May 12", "mai 1990".

        One look at what is around each month's name, however many days of that month are known.
        """
        months = words.distinct.intersection(_months())
        if not months or not self.days:
            return
        for place in words.places(months):
            numbers = self._numbers.get(_months()[words.all[place]], {})
            before, after = (_numbers_beside(words, place, step, numbers) for step in (-1, 1))
            if before or after:
                first, last = (before or [place])[-1], (after or [place])[-1]
                nearest = _number_in(words.all[(before or after)[0]])
                yield Find(words.spans[first][0], words.spans[last][1], numbers[nearest], STRONG)


def _numbers_beside(words: Words, place: int, step: int, numbers: Container[str]) -> list[int]:
    """Where on one side of `place`, nearest first, the numbers of dates are, with nothing but glue between."""
    found: list[int] = []
    for beside in range(place + step, place + (REACH + 1) * step, step):
        if not 0 <= beside < len(words.all) or not words.close_together(*sorted((beside, beside - step))):
            break
        if _number_in(words.all[beside]) in numbers:
            found.append(beside)
        elif words.all[beside] not in _GLUE:
            break
    return found


def _number_in(word: str) -> str:
    """The number of "05" and "12th"; empty for a word of letters."""
    match = _NUMBER.fullmatch(word)
    return match[1] if match else ""


@cache
def _months() -> Mapping[str, int]:
    return {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
