"""Ages: as they are up to 89, or in bands of ten years; 90 and more are one."""

from __future__ import annotations

import re
from collections.abc import Callable

OLDEST = 89  # 45 CFR 164.514(b)(2)(i)(C)
OVER = "90+"
MAX_AGE = 130
_NUMBER = re.compile(r"\d+")
_LETTERS = re.compile(r"[A-Za-z]+")
_AROUND = re.compile(r"[A-Za-z ().,/'\u2019-]*")  # no bracket that could make a placeholder of it: "[AGE_45]"
_WORDS = "a age aged am at has he i is m of old s she turned was y yo year years yr yrs"
_SHORT = "d day days h hour hours m mo month months mos w week weeks wk wks"
_YEARS = frozenset(_WORDS.split())
_LESS_THAN_YEARS = frozenset(_SHORT.split()) - {"m"}  # "I'm 82"
UNITS = _YEARS | _LESS_THAN_YEARS
"""Words that stand beside the number of an age."""


def to_89(age: str) -> str | None:
    """The age with what stands around it, `90+` for more than 89. None for months, weeks and days."""
    return _written(age, lambda years: str(years) if years <= OLDEST else OVER)


def band(age: str) -> str | None:
    """`30-39` with what stands around it; `90+`."""
    return _written(age, lambda years: f"{years // 10 * 10}-{years // 10 * 10 + 9}" if years <= OLDEST else OVER)


def years_old(age: str) -> int | None:
    """How old somebody is. None for months, weeks and days, and for what holds no one number."""
    number = _number(age)
    return None if number is None else int(number.group())


def are_units(around: str, units: frozenset[str] = UNITS) -> bool:
    """Whether what stands around the number of an age is nothing but these words, in lower case or not."""
    return _AROUND.fullmatch(around) is not None and units.issuperset(map(str.lower, _LETTERS.findall(around)))


def _written(age: str, form: Callable[[int], str]) -> str | None:
    number = _number(age)
    if number is None:
        return None
    shown = form(int(number.group()))
    start, end = number.span()
    around = age[:start], age[end:]
    return shown.join(around) if are_units(" ".join(around), _YEARS) else shown


def _number(age: str) -> re.Match[str] | None:
    numbers = list(_NUMBER.finditer(age))
    words = {word.lower() for word in _LETTERS.findall(age)}
    if len(numbers) != 1 or words & _LESS_THAN_YEARS or int(numbers[0].group()) > MAX_AGE:
        return None
    return numbers[0]
