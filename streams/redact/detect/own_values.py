"""The record's own sensitive values as a deny list for its free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from schemas.hidden import Hidden
from streams.redact.detect.find import CERTAIN, STRONG, WEAK, Find
from streams.redact.detect.shadow import fold, shadow_of

MIN_PART = 3  # characters of a word; two letters are in every text
MIN_INSIDE = 5  # from which a value is also looked for inside longer words
MIN_DIGITS = 4
MAX_WORDS = 12  # a longer value is prose, whose words say nothing of anyone by themselves
MAX_VALUES = 500  # a record with more is a table; its first ones count

_PART = re.compile(r"[0-9a-z\x1a]+")
_DIGITS = re.compile(r"\d(?:[ .\-/()+]{0,2}\d)*")


@dataclass(frozen=True, slots=True, repr=False)
class KnownValue(Hidden):
    """A value that must not be seen; `entity_type` is what it is called where it turns up."""

    text: str
    entity_type: str


class OwnValues(Hidden):
    """Searches folded text for values, their words, e-mail local parts and digit groups, case-insensitively.

    An everyday word ("new", "will") counts only where it is written with a capital: else a customer called Will
    would black out every sentence, and the reader learns nothing of him from a verb.
    """

    __slots__ = ("_digits", "_everyday", "_inside", "_words")

    def __init__(self, values: Iterable[KnownValue], is_everyday: Callable[[str], bool]) -> None:
        self._everyday = is_everyday
        self._words: dict[str, str] = {}
        self._inside: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        for count, value in enumerate(values):
            if count >= MAX_VALUES:
                break
            self._add(fold(value.text).lower().strip(), value.entity_type)

    def find(self, text: str) -> list[Find]:
        """Finds in `text`, in its coordinates, unsorted and overlapping."""
        if not (self._words or self._inside or self._digits):
            return []
        shadow = shadow_of(text)
        lower = shadow.text.lower()
        finds = [*self._in_words(shadow.text, lower), *self._in_text(lower), *self._in_digits(lower)]
        return [Find(*shadow.to_raw(find.start, find.end), find.entity_type, find.weight) for find in finds]

    def _add(self, value: str, kind: str) -> None:
        parts = _PART.findall(value)
        if len(value) < MIN_PART or not parts:
            return
        if (len(parts) > 1 or len(value) >= MIN_INSIDE) and not self._everyday(value):
            self._inside.setdefault(value, kind)
        digits = "".join(char for char in value if char.isdigit())
        if len(digits) >= MIN_DIGITS and len(digits) * 2 >= len(value):
            self._digits.setdefault(digits, kind)
        if len(parts) <= MAX_WORDS:
            for part in parts:
                self._add_part(part, kind)

    def _add_part(self, part: str, kind: str) -> None:
        if part.isdigit():
            if len(part) >= MIN_DIGITS:
                self._digits.setdefault(part, kind)
        elif len(part) >= MIN_PART:
            self._words.setdefault(part, kind)
            if len(part) >= MIN_INSIDE and not self._everyday(part):
                self._inside.setdefault(part, kind)

    def _in_words(self, text: str, lower: str) -> Iterator[Find]:
        for match in _PART.finditer(lower):
            kind = self._words.get(match.group())
            if kind is None:
                continue
            start, end = match.span()
            if text[start].isupper() or not self._everyday(match.group()):
                yield Find(start, end, kind, STRONG)

    def _in_text(self, lower: str) -> Iterator[Find]:
        for value, kind in self._inside.items():
            start = lower.find(value)
            while start >= 0:
                end = start + len(value)
                yield Find(*_whole_word(lower, start, end), kind, CERTAIN)
                start = lower.find(value, end)

    def _in_digits(self, lower: str) -> Iterator[Find]:
        if not self._digits:
            return
        for match in _DIGITS.finditer(lower):
            digits = "".join(char for char in match.group() if char.isdigit())
            if len(digits) < MIN_DIGITS:
                continue
            kind = self._digits.get(digits)
            if kind is not None:
                yield Find(match.start(), match.end(), kind, CERTAIN)
                continue
            part = next((kind for known, kind in self._digits.items() if digits in known or known in digits), None)
            if part is not None:
                yield Find(match.start(), match.end(), part, WEAK)


def _whole_word(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end
