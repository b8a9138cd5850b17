"""Made-up dates and ages: all dates of a record move by the same number of weeks, so that intervals stay."""

from __future__ import annotations

import datetime as dt
import re

from streams.redact.transform.ages import are_units
from streams.redact.transform.dice import Dice
from streams.redact.transform.month_names import MONTHS, WEEKDAYS

_MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
_WEEKDAY = "|".join(f"{day}|{day[:3]}" for day in WEEKDAYS)
# ASCII, since without it IGNORECASE takes a long s for an s, and no month begins with that.
_FLAGS = re.IGNORECASE | re.ASCII
_ORDINAL = r"(?:st|nd|rd|th)?"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})([-/.])(?P<two>\d{1,2})\2(?P<year>\d{4}|\d{2})", re.ASCII)
_DAY_NAME = re.compile(
    rf"(?P<day>\d{{1,2}})(?P<th>{_ORDINAL})(?: of)?[ -](?P<name>{_MONTH})\b\.?(?:,?[ -](?P<year>\d{{4}}))?",
    _FLAGS,
)
_NAME_DAY = re.compile(
    rf"(?P<name>{_MONTH})\b\.?[ -](?P<day>\d{{1,2}})(?P<th>{_ORDINAL})\b(?:,? (?P<year>\d{{4}}))?", _FLAGS
)
_NAME_YEAR = re.compile(rf"(?P<name>{_MONTH})\b\.?,? (?P<year>\d{{4}})", _FLAGS)
_YEAR = re.compile(r"(?P<year>(?:1[6-9]|20|21)\d\d)", re.ASCII)
_FORMS = (_YEAR_FIRST, _YEAR_LAST, _DAY_NAME, _NAME_DAY, _NAME_YEAR, _YEAR)
# What may stand before and after a date: all else would leave with it as it is.
_LEAD = re.compile(rf"\s*(?:(?:{_WEEKDAY}),? )?(?:the )?", _FLAGS)
_REST = re.compile(
    r"(?:(?:,? at |, ?|t| )\d{1,2}[:.h]\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[ap]\.?m\b\.?)?"
    r"(?: ?(?:z|utc|gmt|[+-]\d\d:?\d\d)\b)?)?[\s.,]*",
    _FLAGS,
)
_AGE = re.compile(r"\d{1,3}")
# Forth or back by more than a year and less than two, and a month away from both: another year and another month.
_LEAST_WEEKS, _MOST_WEEKS = 57, 99
_YEAR_WEEKS = 52
_CENTURY = 100
_NO_YEAR = 2024  # a leap year, for dates without one
_ADULT, _OLD = 18, 89


def moved_date(value: str, dice: Dice) -> str | None:
    """`value` with its date moved. None for what is not a date alone, in a form that we can write again."""
    lead = _LEAD.match(value)
    start = lead.end() if lead else 0
    for form in _FORMS:
        match = form.match(value, start)
        if match and _REST.fullmatch(value, match.end()):
            written = _moved(match, dice)
            return f"{value[:start]}{written}{_clock(value[match.end() :], dice)}" if written else None
    return _weekday(value, dice)


def moved_age(value: str, dice: Dice) -> str | None:
    """Another age; who is of age stays so. None where more stands there than an age."""
    match = _AGE.search(value)
    if match is None or len(_AGE.findall(value)) != 1:
        return None
    around = value[: match.start()], value[match.end() :]
    if not are_units(" ".join(around)):
        return None
    low, high = (1, _ADULT - 1) if int(match.group()) < _ADULT else (_ADULT, _OLD)
    return str(dice.random.choice([age for age in range(low, high + 1) if age != int(match.group())])).join(around)


def _moved(match: re.Match[str], dice: Dice) -> str | None:
    parts = match.groupdict()
    if "one" in parts:
        american = int(parts["two"]) > len(MONTHS) or (dice.language == "en" and int(parts["one"]) <= len(MONTHS))
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
    weeks = _LEAST_WEEKS + shift // 2 % (_MOST_WEEKS - _LEAST_WEEKS + 1)
    if "month" not in parts and not name:  # a year alone: the next one, or the one before
        weeks = _YEAR_WEEKS
    try:
        day = dt.date(year + (1900 if year < _CENTURY else 0), month, int(parts.get("day") or 15))
        return day + dt.timedelta(weeks=weeks if shift % 2 else -weeks)
    except (ValueError, OverflowError):
        return None


def _written(parts: dict[str, str | None], moved: dt.date) -> dict[str, str]:
    written = parts.get("day") or "", parts.get("month") or ""
    padded = any(part.startswith("0") for part in written) or all(len(part) == 2 for part in written)  # noqa: PLR2004 - 10-10
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
    if lower not in WEEKDAYS:
        return None
    made = WEEKDAYS[(WEEKDAYS.index(lower) + 1 + dice.shift % 6) % 7]
    return value.replace(value.strip(), made if value.strip().islower() else made.capitalize())


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name.lower()))


def _named(name: str, month: int) -> str:
    full = MONTHS[month - 1]
    made = full if len(name) > 3 or name.lower() == "may" else full[:3]  # noqa: PLR2004 - the short form
    return made.upper() if name.isupper() else made if name.islower() else made.capitalize()


def _ordinal(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")  # noqa: PLR2004
