"""Our own patterns for what is written in usual forms: addresses of the net, handles, phones, dates, streets.

They see folded text (`shadow.py`). Each repetition is bounded, so that time stays linear.
"""

from __future__ import annotations

import regex  # type: ignore[import-untyped]  # it ships no types

from streams.redact.detect.find import LIKELY, NUMBER, STRONG, WEAK
from streams.redact.detect.recognizers import Check, Recognizer

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_TIME = r"(?:[ T,]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[ap]\.?m\b)?)?"
_TITLE = r"[Mm]rs?|[Mm]s|[Mm]iss|[Dd]r|[Pp]rof|Herr|Frau|Mme|Sr|Sra"
_NUMERIC = r"\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
_SPELLED = r"\b[\w.-]{1,64} ?[(\[]at[)\]] ?[\w-]{1,64} ?(?:\.|[(\[]dot[)\]]) ?[a-z]{2,24}\b"
_ROOM = r"\b(?:apt|apartment|suite|unit|flat|p\.? ?o\.? ?box|postfach)\b\.? ?#?\d{1,6}[a-z]?\b"
_WORD = r"[A-Z\x1a][\w'\x1a-]{0,40}"

_FORMS: tuple[tuple[str, str, str, float], ...] = (
    ("url", "URL", r"\b(?:https?|ftp)://[^\s<>\"']{1,200}|\bwww\.[^\s<>\"']{1,200}", STRONG),
    ("email", "EMAIL_ADDRESS", r"[^\s@<>\"',;:()\[\]]{1,64}@[^\s@<>\"',;:()\[\]]{1,64}\.[a-z\x1a]{2,24}", STRONG),
    ("spelled e-mail", "EMAIL_ADDRESS", _SPELLED, STRONG),
    ("handle", "USERNAME", r"(?<![\w@.])@\w{1,60}", LIKELY),
    ("numeric date", "DATE_TIME", rf"\b(?:{_NUMERIC}){_TIME}\b", STRONG),
    ("day and month", "DATE_TIME", rf"\b{_DAY}(?: of)?[ -]{_MONTH}(?:,?[ -]\d{{2,4}}\b)?{_TIME}", STRONG),
    ("month and day", "DATE_TIME", rf"\b{_MONTH}[ -]{_DAY}\b(?:,? \d{{4}}\b)?{_TIME}", STRONG),
    ("month and year", "DATE_TIME", rf"\b{_MONTH},? (?:19|20)\d{{2}}\b", STRONG),
    ("weekday", "DATE_TIME", r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", LIKELY),
    ("year", "DATE_TIME", r"\b(?:19|20)\d{2}\b", WEAK + 0.05),
    ("place in a building", "ADDRESS", _ROOM, LIKELY),
)  # fmt: skip
_CASED: tuple[tuple[str, str, str, float], ...] = (
    ("title and name", "PERSON", rf"\b(?:{_TITLE})\b\.?(?: {_WORD}){{1,3}}", STRONG),
)  # fmt: skip
_GROUPED = r"(?<![\w.])\+?\(?\d{1,14}\)?(?:[ .\-/]{0,2}\(?\d{1,14}\)?){1,7}(?!\w)"


def load_forms() -> tuple[Recognizer, ...]:
    """The patterns of this module."""
    flags = regex.ASCII | regex.MULTILINE
    caseless = [
        Recognizer(f"form/{name}", kind, regex.compile(source, flags | regex.IGNORECASE), True, weight)
        for name, kind, source, weight in _FORMS
    ]
    cased = [
        Recognizer(f"form/{name}", kind, regex.compile(source, flags), False, weight)
        for name, kind, source, weight in _CASED
    ]
    grouped = regex.compile(_GROUPED, flags)
    numbers = [
        Recognizer("form/phone", "PHONE_NUMBER", grouped, False, LIKELY - 0.05, _digits_between(7, 15)),
        Recognizer("form/digits", NUMBER, grouped, False, WEAK, _digits_between(5, 60)),
    ]
    return (*caseless, *cased, *numbers)


def _digits_between(low: int, high: int) -> Check:
    def check(value: str) -> bool | None:
        return None if low <= sum(map(str.isdigit, value)) <= high else False

    return check
