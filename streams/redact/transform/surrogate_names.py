"""Made-up names: each word of a name has one stand-in within the record, in the script it is written in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet

from schemas.hidden import Hidden
from streams.redact.transform.dice import Dice
from streams.redact.transform.keys import RecordKeys

NAMED = re.compile(r"[^\W\d_]{2,}")
_PIECE = re.compile(r"[^\W\d_]+|\d")
_KINDS = frozenset({"PERSON", "USERNAME"})
_HONORIFICS = (
    "dame dr frau herr lady lord madam master miss mister mme mr mrs ms mx prof professor señor señora sir"
)
_PARTICLES = "al ap bin da dal de del della den der di dos du el ibn la le of san van von y zu"
_KEPT = frozenset(f"{_HONORIFICS} {_PARTICLES}".split())
_ATTEMPTS = 24
_LATIN = "abcdefghijklmnopqrstuvwxyz"
# First word of a letter's Unicode name, and the language whose names are written in it.
_SCRIPTS = {
    "ARABIC": "ar",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "THAI": "th",
}


class Names(Hidden):
    """The names of one record, made up."""

    __slots__ = ("_keys", "_language", "_made", "_real")

    def __init__(self, keys: RecordKeys, language: str, real: AbstractSet[str]) -> None:
        self._keys = keys
        self._language = language
        self._real = real
        self._made: dict[str, str] = {}

    @staticmethod
    def are_in(value: str, kind: str) -> bool:
        """Whether a value is replaced word by word. An unusual word with digits in it is a code, not a name."""
        return kind in _KINDS or (kind == "UNUSUAL" and not any(char.isdigit() for char in value))

    def replaced(self, value: str) -> str | None:
        """`value` with each word and digit replaced, the rest as it is. None where no word can be found."""
        words = [match.group() for match in _PIECE.finditer(value) if len(match.group()) > 1]
        family = words[-1].lower() if len(words) > 1 else ""
        parts: list[str] = []
        position, changed = 0, False
        for match in _PIECE.finditer(value):
            word = self._word(match.group(), family)
            if word is None:
                return None
            changed = changed or word != match.group()
            parts += (value[position : match.start()], word)
            position = match.end()
        return "".join([*parts, value[position:]]) if changed else None

    def _word(self, word: str, family: str) -> str | None:
        lower = word.lower()
        if lower in _KEPT:
            return word
        made = self._made.get(lower) or self._draw(lower, last=lower == family)
        if made is None:
            return None
        self._made[lower] = made
        return made.lower() if word.islower() else made.upper() if word.isupper() else made

    def _draw(self, lower: str, *, last: bool) -> str | None:
        taken = set(self._made.values())
        for attempt in range(_ATTEMPTS):
            dice = Dice(self._keys.seed("name", lower, str(attempt)), 0, self._language)
            made = self._drawn(lower, dice, last=last)
            if len(lower) == 1 or (made.isalpha() and made.lower() not in self._real and made not in taken):
                return made
        return None

    def _drawn(self, lower: str, dice: Dice, *, last: bool) -> str:
        if lower.isdigit():
            return dice.other("0123456789", lower)
        script = _SCRIPTS.get(unicodedata.name(lower[0], "").partition(" ")[0].partition("-")[0])
        if len(lower) == 1 and script is None:
            return dice.other(_LATIN, lower).upper()
        fake = dice.fake(script)
        if script in {"zh", "ja", "ko"}:
            return str(fake.name()).replace(" ", "")
        return str(fake.last_name() if last else fake.first_name())
