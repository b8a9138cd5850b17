"""The seam behind which each action stands, and what two spellings of one value have in common."""

from __future__ import annotations

import re
from typing import Protocol

from streams.redact.normalizing import normalized
from topology.policies import Treatment

MIN_LONG = 9  # digits; a date has eight at most
_DIGIT = re.compile(r"\d")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\W_]+(?=\d)")
_READING = frozenset(" -()\u2010\u2011")
_DAY, _YEAR = r"[0-3]?\d", r"(?:19|20)\d\d"
_DATE = re.compile(rf"(?<!\d)(?:{_YEAR}[ -]{_DAY}[ -]{_DAY}|{_DAY}[ -]{_DAY}[ -]{_YEAR})(?!\d)")
_MINUS = frozenset("-\u2212\u2013")
_NO_LETTER = re.compile(r"[\W_]+")
_NO_ASCII_LETTER = dict.fromkeys(code for code in range(128) if not chr(code).isalnum())


class Transform(Protocol):
    """One action within one record. Pure: the same record, policy and key give the same replacements."""

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:
        """What stands for `value`, which is of type `kind`. None: it can't be done, a placeholder has to do."""


def same(value: str) -> str:
    """What spellings that differ in case, spaces and punctuation have in common; the value itself if nothing.

    A minus counts, and groups of digits stay apart: 1/11 is not 11/1, nor is 1.50 150. Only in a long number that
    spaces, hyphens or brackets group for reading, as those of phones and cards, groups tell nothing.
    """
    if value.isascii() and (value.isalnum() or _DIGIT.search(value) is None):
        return value.lower() if value.isalnum() else value.lower().translate(_NO_ASCII_LETTER) or value
    plain = normalized("NFKC", value).casefold()
    group = "" if _is_long_number(plain) else "."
    return _NO_LETTER.sub(lambda match: _kept(match, group), plain) or value


def _kept(match: re.Match[str], group: str) -> str:
    """What of signs between letters and digits is part of a number."""
    start, end = match.span()
    signs, before = match.group(), match.string[start - 1 : start]
    if not match.string[end : end + 1].isdecimal():
        return ""
    if before.isdecimal():
        return group
    # "-$5" and "at -5"; in "A-5" it is a hyphen.
    is_sign = (len(signs) > 1 and signs[-1] in _MINUS) if before else not _MINUS.isdisjoint(signs)
    return "-" if is_sign else ""


def _is_long_number(plain: str) -> bool:
    """Whether digits are grouped for reading only."""
    return (
        len(_DIGIT.findall(plain)) >= MIN_LONG
        and _READING.issuperset("".join(_BETWEEN_DIGITS.findall(plain)))
        and _DATE.search(plain) is None
    )
