"""Dates as people write them, in the languages in Latin script.

Times of day and "two weeks ago" tell of nobody and are no finds. A bare year is one only where a policy says so.
"""

from __future__ import annotations

import re
from importlib import resources

from streams.redact.detect.find import LIKELY, STRONG, WEAK
from streams.redact.detect.recognizers import Recognizer, form

_YEAR = r"(?:1[5-9]|20)\d{2}"
_SHORT_YEAR = r"'\d{2}"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = rf"{_DAY}(?:st|nd|rd|th|er|de|ter|te|e|a|o)?\.?"
_ZONE = r"(?: ?(?:z|utc|gmt|[+-]\d{2}:?\d{2})\b)?"
_TIME = (
    rf"(?: at| kl\.?| um| alle| a las)?[ t,]{{1,2}}\d{{1,2}}[:.h]\d{{2}}(?::\d{{2}}(?:[.,]\d{{1,9}})?)?(?:"
    rf" ?[ap]\.?m\b)?{_ZONE}"
)
_NUMERIC = r"(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d{4}|\d{2}))"
_BASIC = r"\b(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:t\d{4,6}z?)?\b"
_OF = r"[ .-]{1,2}(?:(?:of|de|del|di|den|the|dnia|van|d') ?)?"
_SPELLED = (
    "(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|twentieth|thirtieth|tenth"
    "|(?:four|fif|six|seven|eigh|nine)teenth|eleventh|twelfth|thirteenth|first|second|third|fourth|fifth|sixth"
    "|seventh|eighth|ninth"
)
_PART = (
    r"q[1-4]|h[12]|[1-4]q|fy|week \d{1,2}|w\d{2}|spring|summer|autumn|fall|winter|christmas|easter|thanksgiving"
)
# Before a month that stands alone: "may" and "march" are words of their own, "June" and "April" are people too.
_SINCE = "in|on|since|by|until|till|from|of|last|next|this|early|late|mid|during|before|after|between|for|through"
_ENGLISH = "January|February|March|April|May|June|July|August|September|October|November|December"
_LIMITS = (12, 31)  # months, days


def date_forms(*, bare_years: bool = False) -> tuple[Recognizer, ...]:
    """Patterns of dates; `bare_years`: a year that stands alone is a find too."""
    full = _words("months")
    month = rf"(?:{full}|(?:{_words('short_months')})\.?)"
    year = rf"(?:(?:,|\.)?[ -/](?:(?:of|de|del) )?(?:{_YEAR}|{_SHORT_YEAR})\b)?"
    spelled = (
        rf"\b(?:the )?(?:{_SPELLED})(?: day)? of (?:{_ENGLISH})\b{year}"
        rf"|\b(?:{_ENGLISH}) (?:the )?(?:{_SPELLED})\b{year}"
    )
    years = (form("date/year", "DATE_TIME", rf"\b{_YEAR}s?\b", WEAK + 0.05),) if bare_years else ()
    return (
        form("date/numeric", "DATE_TIME", rf"\b{_NUMERIC}(?:{_TIME})?\b", STRONG, check=_is_date),
        form("date/year and time", "DATE_TIME", rf"\b{_YEAR}{_TIME}\b", STRONG),
        form("date/basic", "DATE_TIME", _BASIC, STRONG),
        form("date/day and month", "DATE_TIME", rf"\b{_ORDINAL}{_OF}{month}\b", STRONG),
        form("date/short year", "DATE_TIME", rf"\b{_DAY}[ ./-]{month}[ ./-]\d{{2}}\b", STRONG),
        form("date/month and day", "DATE_TIME", rf"\b{month}[ .-](?:the )?{_DAY}(?:st|nd|rd|th)?\b{year}", STRONG),
        form(
            "date/month and year",
            "DATE_TIME",
            rf"\b{month}(?:,| of| de| del)?[ /-](?:{_YEAR}|{_SHORT_YEAR})\b",
            STRONG,
        ),
        form("date/spelled day", "DATE_TIME", spelled, STRONG),
        form("date/part", "DATE_TIME", rf"\b(?:{_PART}),?(?: of| in)?[ /-]?(?:{_YEAR}|{_SHORT_YEAR})\b", STRONG),
        form("date/week", "DATE_TIME", rf"\b{_YEAR}[ -](?:w\d{{2}}(?:-\d)?|q[1-4])\b", STRONG),
        form(
            "date/month number",
            "DATE_TIME",
            r"\b(?:0?[1-9]|1[0-2])[/-](?:19|20)\d{2}\b|\b(?:19|20)\d{2}-(?:0[1-9]|1[0-2])\b",
            LIKELY,
        ),
        form("date/weekday", "DATE_TIME", rf"\b(?:{_words('weekdays')})s?\b", LIKELY),
        form("date/month alone", "DATE_TIME", rf"\b(?i:{_SINCE}) (?:{_ENGLISH})\b", WEAK, cased=True),
        *years,
    )


def _words(name: str) -> str:
    text = resources.files("streams.redact.detect").joinpath("data", "calendar", f"{name}.txt").read_text("utf-8")
    return "|".join(text.split())


def _is_date(text: str) -> bool | None:
    """Whether the first three numbers can be a day, a month and a year in some order."""
    numbers = [int(number) for number in re.findall(r"\d+", text)[:3]]
    small = sorted(number for number in numbers if number <= _LIMITS[1])
    return None if len(small) > 1 and 0 < small[0] <= _LIMITS[0] else False
