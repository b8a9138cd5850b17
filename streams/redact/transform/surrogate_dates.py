"""Made-up dates and ages: all dates of a record move by the same number of weeks, so that intervals stay."""

from __future__ import annotations

import datetime as dt
import re

from streams.redact.transform.dice import Dice

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTH = "|".join(f"{month}|{month[:3]}" for month in _MONTHS)
_ORDINAL = r"(?:st|nd|rd|th)?"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})")
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})([-/.])(?P<two>\d{1,2})\2(?P<year>\d{4}|\d{2})")
_DAY_NAME = re.compile(
    rf"(?P<day>\d{{1,2}})(?P<th>{_ORDINAL})(?: of)?[ -](?P<name>{_MONTH})\b\.?(?:,?[ -](?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_NAME_DAY = re.compile(
    rf"(?P<name>{_MONTH})\b\.?[ -](?P<day>\d{{1,2}})(?P<th>{_ORDINAL})\b(?:,? (?P<year>\d{{4}}))?", re.IGNORECASE
)
_NAME_YEAR = re.compile(rf"(?P<name>{_MONTH})\b\.?,? (?P<year>\d{{4}})", re.IGNORECASE)
_YEAR = re.compile(r"(?P<year>(?:1[6-9]|20|21)\d\d)")
_FORMS = (_YEAR_FIRST, _YEAR_LAST, _DAY_NAME, _NAME_DAY, _NAME_YEAR, _YEAR)
_AGE = re.compile(r"\d{1,3}")
_LEAST_WEEKS, _WEEKS = 5, 52  # forth or back: another month at least, a year at most
_CENTURY = 100
_NO_YEAR = 2024  # a leap year, for dates without one
_ADULT, _OLD = 18, 89


def moved_date(value: str, dice: Dice) -> str | None:
    """`value` with its date moved. None for what holds no date in a form we can write again."""
    for form in _FORMS:
        match = form.search(value)
        if match and not any(char.isdecimal() for char in value[: match.start()]):
            written = _moved(match, dice)
            rest = _clock(value[match.end() :], dice)
            return f"{value[: match.start()]}{written}{rest}" if written else None
    return _weekday(value, dice)


def moved_age(value: str, dice: Dice) -> str | None:
    """Another age; who is of age stays so."""
    match = _AGE.search(value)
    if match is None or len(_AGE.findall(value)) != 1:
        return None
    low, high = (1, _ADULT - 1) if int(match.group()) < _ADULT else (_ADULT, _OLD)
    age = dice.random.choice([age for age in range(low, high + 1) if age != int(match.group())])
    return f"{value[: match.start()]}{age}{value[match.end() :]}"


def _moved(match: re.Match[str], dice: Dice) -> str | None:
    parts = match.groupdict()
    if "one" in parts:
        american = int(parts["two"]) > len(_MONTHS) or (
            dice.language == "en" and int(parts["one"]) <= len(_MONTHS)
        )
        parts |= {"month": parts["one" if american else "two"], "day": parts["two" if american else "one"]}
    moved = _date(parts, dice.shift)
    if moved is None:
        return None
    new = _written(parts, moved)
    if "one" in parts:
        new |= {"one": new["month" if american else "day"], "two": new["day" if american else "month"]}
    return _substituted(match, new)


def _date(parts: dict[str, str | None], shift: int) -> dt.date | None:
    year, name = int(parts.get("year") or _NO_YEAR), parts.get("name")
    month = _month(name) if name else int(parts.get("month") or 6)
    weeks = _LEAST_WEEKS + shift // 2 % (_WEEKS - _LEAST_WEEKS)
    if "month" not in parts and not name:  # a year alone: the next one, or the one before
        weeks = _WEEKS
    try:
        day = dt.date(year + (1900 if year < _CENTURY else 0), month, int(parts.get("day") or 15))
        return day + dt.timedelta(weeks=weeks if shift % 2 else -weeks)
    except (ValueError, OverflowError):
        return None


def _written(parts: dict[str, str | None], moved: dt.date) -> dict[str, str]:
    padded = any((part or "").startswith("0") for key, part in parts.items() if key != "year")
    width = 2 if padded else 1
    year = parts.get("year") or ""
    new = {"day": f"{moved.day:0{width}}", "month": f"{moved.month:0{width}}"}
    new["year"] = f"{moved.year % _CENTURY:02}" if len(year) == 2 else str(moved.year)  # noqa: PLR2004 - two digits
    new["th"] = _ordinal(moved.day) if parts.get("th") else ""
    new["name"] = _named(parts.get("name") or "", moved.month)
    return new


def _substituted(match: re.Match[str], new: dict[str, str]) -> str:
    text, places = match.group(), []
    for key in match.re.groupindex:
        start, end = match.span(key)
        if start >= 0:
            places.append((start - match.start(), end - match.start(), new[key]))
    for start, end, written in sorted(places, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _clock(rest: str, dice: Dice) -> str:
    """Other digits for a time of day: each below the one that was there, so that it stays one."""
    return re.sub(r"\d", lambda match: str(dice.random.randint(0, int(match.group()))), rest)


def _weekday(value: str, dice: Dice) -> str | None:
    lower = value.strip().lower()
    if lower not in _WEEKDAYS:
        return None
    made = _WEEKDAYS[(_WEEKDAYS.index(lower) + 1 + dice.shift % 6) % 7]
    return value.replace(value.strip(), made if value.strip().islower() else made.capitalize())


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()))


def _named(name: str, month: int) -> str:
    full = _MONTHS[month - 1]
    made = full if len(name) > 3 or name.lower() == "may" else full[:3]  # noqa: PLR2004 - the short form
    return made.upper() if name.isupper() else made if name.islower() else made.capitalize()


def _ordinal(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")  # noqa: PLR2004
