"""The year of a date, in any usual form; `None` for what holds no year, or more than one."""

from __future__ import annotations

import re
from collections.abc import Callable

OLDEST_SHOWN_AGE = 89  # 45 CFR 164.514(b)(2)(i)(C): ages over 89 are one category, years that tell of them too
OLDEST_ALIVE = 130  # in years; the oldest person on record became 122
CENTURY = 100
_COMPACT = re.compile(r"(?<!\d)((?:1[6-9]|20|21)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")  # 19840312
_FOUR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_CLOCK = re.compile(
    r"[ T]\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:[AaPp]\.?[Mm]\.?|Z|UTC|GMT|[+-]\d\d:?\d\d))?"
)
_TWO = re.compile(
    r"(?:\d{1,2}[-/.]\d{1,2}[-/.]|\d{1,2}[ -][A-Za-z]{3,9}\.?,?[ -]|[A-Za-z]{3,9}[ -]\d{1,2},? '?)(\d\d)"
)
_FIRST, _LAST = 1600, 2199


def year_of(date: str, latest: int) -> str | None:
    """`1984`. Two digits are the last such year up to `latest`."""
    year = _four_digits(date) or _two_digits(date, latest)
    return None if year is None else str(year)


def year_to_89(date: str, latest: int) -> str | None:
    """The year, or `1936 or earlier`, if somebody born in it may be older than 89 in `latest`."""
    return _to_89(date, latest, str)


def decade_of(date: str, latest: int) -> str | None:
    """`1980s`, or what `year_to_89` says, if somebody born in the year may be older than 89 in `latest`."""
    return _to_89(date, latest, lambda year: f"{year // 10 * 10}s")


def _to_89(date: str, latest: int, shown: Callable[[int], str]) -> str | None:
    year = _four_digits(date) or _one_of_a_kind(_two_digits(date, latest), latest)
    if year is None:
        return None
    oldest = latest - OLDEST_SHOWN_AGE
    return shown(year) if year >= oldest else f"{oldest - 1} or earlier"


def _one_of_a_kind(year: int | None, latest: int) -> int | None:
    """A year told by two digits, unless whoever was born a century before may live: `36` in 2036 is either."""
    return None if year is not None and latest - OLDEST_ALIVE <= year - CENTURY else year


def _four_digits(date: str) -> int | None:
    years = _all_four_digits(date)
    year = years.pop() if len(years) == 1 else 0
    return year if _FIRST <= year <= _LAST else None


def _two_digits(date: str, latest: int) -> int | None:
    """None also where the date has a year of four digits, whatever it is."""
    short = None if _all_four_digits(date) else _TWO.fullmatch(_without_clock(date).strip())
    if short is None:
        return None
    year = latest // CENTURY * CENTURY + int(short[1])
    return year - CENTURY if year > latest else year


def _all_four_digits(date: str) -> set[int]:
    text = _without_clock(date)
    return {int(match[1]) for match in (*_COMPACT.finditer(text), *_FOUR.finditer(text))}


def _without_clock(date: str) -> str:
    return _CLOCK.sub(" ", date)
