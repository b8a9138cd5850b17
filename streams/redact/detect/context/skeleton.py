"""Cyrillic and Greek words and their Latin spellings, brought to one form.

There are many schemes (ISO 9, BGN/PCGN, ICAO 9303, ALA-LC, ELOT 743, and what each language makes of them); a word
is not spelled out in all of them. Instead, what they differ in is dropped on both sides: one letter stands for
all ways to write a sibilant, y, j and i are one, soft signs are none. Yulia, Julija and Iuliia are `iulia`.
"""

from __future__ import annotations

import re
import unicodedata

from streams.redact.detect.shadow import fold
from streams.redact.normalizing import normalized

_CYRILLIC = "абвгґдеєзиіклмнопрстуфхцчшщыэюяжђјљњћџәөүұқғңһ"
_AS_LATIN = "a b v g g d e e z i i k l m n o p r s t u f h c h s s i e iu ia z d i l n h d a o u u k g n h"
_GREEK = "αβγδεζηθικλμνξοπρσςτυφχψω"
_GREEK_AS_LATIN = "a v g d e z i th i k l m n ks o p r s s t i f h ps o"
_SIGNS = "ъь"  # change the letter before, and no scheme's reader misses them
_LETTERS = str.maketrans(
    dict(zip(_CYRILLIC, _AS_LATIN.split(), strict=True))
    | dict(zip(_GREEK, _GREEK_AS_LATIN.split(), strict=True))
    | dict.fromkeys(_SIGNS, "")
)
_GREEK_PAIRS = {"ου": "u", "αυ": "av", "ευ": "ev", "μπ": "b", "ντ": "d", "γκ": "g", "γγ": "ng", "τζ": "c"}  # noqa: RUF001
_GREEK_PAIR = re.compile("|".join(_GREEK_PAIRS))
_SAME = str.maketrans({"y": "i", "j": "i", "w": "v", "q": "k", "x": "ks"})
# Applied to both sides, so that a pair which belongs to no scheme in one of them does no harm.
_SOUNDS = {
    "schtsch": "s", "shtsh": "s", "shch": "s", "sch": "s", "sh": "s", "sz": "s", "zh": "z",
    "tsch": "h", "tch": "h", "kh": "h", "ch": "h", "cz": "h", "ts": "c", "tz": "c",
    "ph": "f", "th": "t", "ck": "k", "gh": "g", "gk": "g", "ff": "v", "mp": "b", "nt": "d",
    "au": "av", "eu": "ev", "ou": "u", "ie": "e", "io": "e",
}  # fmt: skip
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_REPEATED = re.compile(r"(.)\1+")
# From the start of a word only: else a long one in Latin letters would be read from each of them.
SCHEMED = re.compile(
    r"(?<![^\W\d_])[^\W\d_]*[\u0370-\u03ff\u0400-\u052f\u1f00-\u1fff](?:[^\W\d_]|[\u0300-\u036f])*"
)


def skeleton(word: str) -> str:
    """What the spellings of `word` in Cyrillic, Greek and Latin letters have in common, in a few Latin letters."""
    latin = fold(_romanized(word)).lower().translate(_SAME)
    sounds = _SOUND.sub(lambda match: _SOUNDS[match.group()], latin)
    return _REPEATED.sub(r"\1", sounds)


def _romanized(word: str) -> str:
    if word.isascii() or SCHEMED.search(word) is None:
        return word
    bare = "".join(char for char in normalized("NFD", word.lower()) if not unicodedata.combining(char))
    return _GREEK_PAIR.sub(lambda match: _GREEK_PAIRS[match.group()], bare).translate(_LETTERS)
