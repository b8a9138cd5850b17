"""Made-up names: each word of a name has one stand-in within the record, in the script it is written in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from schemas.hidden import Hidden
from streams.redact.transform.dice import Dice
from streams.redact.transform.kept_words import HONORIFICS, PARTICLES
from streams.redact.transform.keys import RecordKeys
from streams.redact.transform.telling import words_of

_PIECE = re.compile(r"[^\W\d_]+|\d")
_KINDS = frozenset({"PERSON", "USERNAME"})
_ATTEMPTS = 24
_USED_UP = 3  # names in a row for which a pool had none left: it isn't asked again
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

    __slots__ = ("_failed", "_keys", "_language", "_made", "_real", "_taken")

    def __init__(self, keys: RecordKeys, language: str, real: AbstractSet[str]) -> None:
        """`real` words, as `telling.words_of` gives them, are nobody's stand-in."""
        self._keys = keys
        self._language = language
        self._real = real
        self._made: dict[str, str | None] = {}
        self._taken: set[str] = set()
        self._failed: Counter[tuple[str, bool]] = Counter()

    @staticmethod
    def are_in(value: str, kind: str) -> bool:
        """Whether a value is replaced word by word. An unusual word with digits in it is a code, not a name."""
        return kind in _KINDS or (kind == "UNUSUAL" and not any(char.isdigit() for char in value))

    def replaced(self, value: str) -> str | None:
        """`value` with each word and digit replaced, the rest as it is. None where no word can be found."""
        pieces = list(_PIECE.finditer(value))
        words = [piece.group().lower() for piece in pieces if len(piece.group()) > 1]
        family = words[-1] if len(words) > 1 else ""
        kept = _kept([piece.group().lower() for piece in pieces])
        parts: list[str] = []
        position, changed = 0, False
        for place, piece in enumerate(pieces):
            word = piece.group() if place in kept else self._word(piece.group(), family)
            if word is None:
                return None
            changed = changed or word != piece.group()
            parts += (value[position : piece.start()], word)
            position = piece.end()
        return "".join([*parts, value[position:]]) if changed else None

    def _word(self, word: str, family: str) -> str | None:
        lower = word.lower()
        if lower not in self._made:
            self._made[lower] = self._draw(lower, last=lower == family)
        made = self._made[lower]
        if made is None:
            return None
        return made.lower() if word.islower() else made.upper() if word.isupper() else made

    def _draw(self, lower: str, *, last: bool) -> str | None:
        """One that is free. None where most are taken: a pool of names has an end, and each look costs."""
        pool = _script_of(lower), last
        for attempt in range(_ATTEMPTS if self._failed[pool] < _USED_UP else 0):
            dice = Dice(self._keys.seed("name", lower, str(attempt)), 0, self._language)
            made = self._drawn(lower, dice, last=last)
            if len(lower) == 1:
                return made
            if made.isalpha() and made not in self._taken and self._real.isdisjoint(words_of(made)):
                self._taken.add(made)
                self._failed[pool] = 0
                return made
        self._failed[pool] += 1
        return None

    def _drawn(self, lower: str, dice: Dice, *, last: bool) -> str:
        if lower.isdigit():
            return dice.other("0123456789", lower)
        script = _SCRIPTS.get(_script_of(lower))
        if len(lower) == 1 and script is None:
            return dice.other(_LATIN, lower).upper()
        fake = dice.fake(script)
        if script in {"zh", "ja", "ko"}:
            return str(fake.name()).replace(" ", "")
        return str(fake.last_name() if last else fake.first_name())


def _kept(words: Sequence[str]) -> set[int]:
    """The places of forms of address, and of particles: these stand between names, at either end they are one."""
    spoken = [place for place, word in enumerate(words) if not word.isdigit()]
    titles = {place for place in spoken[:-1] if words[place] in HONORIFICS}
    between = [place for place in spoken if place not in titles][1:-1]
    return titles | {place for place in between if words[place] in PARTICLES}


def _script_of(word: str) -> str:
    """The first word of its first letter's Unicode name."""
    return unicodedata.name(word[0], "").partition(" ")[0].partition("-")[0]
