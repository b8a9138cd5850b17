"""The year of a date, in any usual form; `None` for what holds no year, or more than one."""

from __future__ import annotations

import re

OLDEST_SHOWN_AGE = 89  # 45 CFR 164.514(b)(2)(i)(C): ages over 89 are one category, years that tell of them too
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
    year = _year(date, latest)
    return None if year is None else str(year)


def year_to_89(date: str, latest: int) -> str | None:
    """The year, or `1936 or earlier`, if somebody born in it may be older than 89 in `latest`."""
    year = _year(date, latest)
    oldest = latest - OLDEST_SHOWN_AGE
    return None if year is None else str(year) if year >= oldest else f"{oldest - 1} or earlier"


def decade_of(date: str, latest: int) -> str | None:
    """`1980s`."""
    year = _year(date, latest)
    return None if year is None else f"{year // 10 * 10}s"


def _year(date: str, latest: int) -> int | None:
    without_clock = _CLOCK.sub(" ", date)
    years = {int(match[1]) for match in (*_COMPACT.finditer(without_clock), *_FOUR.finditer(without_clock))}
    if len(years) == 1:
        year = years.pop()
        return year if _FIRST <= year <= _LAST else None
    short = None if years else _TWO.fullmatch(without_clock.strip())
    if short is None:
        return None
    century = latest // 100 * 100
    return century + int(short[1]) - (100 if century + int(short[1]) > latest else 0)
