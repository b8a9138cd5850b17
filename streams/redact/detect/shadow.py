r"""The text as detectors see it: folded to ASCII, one character a byte, with exact offsets back.

Folding undoes what hides a value from patterns: compatibility forms (NFKC), accents, zero-width characters,
foreign digits, letters of other scripts that look Latin. A letter with no Latin look becomes `FOREIGN`, which is
no word character, so that `\b` holds between it and a digit.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]  # it ships no types

FOREIGN = "\x1a"
LONG_RUN = 128  # characters without a space; longer is no word, and would make bounded patterns slow
_NOT_LATIN = regex.compile(r"[^\P{L}\p{Latin}]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNSEEN = re.compile(r"[\U000E0020-\U000E007F]+")
_LONG = re.compile(rf"\S{{{LONG_RUN + 1},}}")

# Letters that look Latin. Not the whole of Unicode's confusables: those met in names written to evade a filter.
_LOOKALIKES: dict[str, str] = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХԛԝЗаеѕіјорсухһԁӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧον",  # noqa: RUF001 - that is what the table is about
        "ABESIJKMHOPCTYXqw3aesijopcyxhdlABEZHIKMNOPTYXov",
        strict=True,
    )
)
_LOOKALIKES |= dict(
    zip(
        "αγεηικρτυχϲкгпᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡɩօսոհցᎪᏴᏟᎬᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ",
        "ayenikptuxckrnABCDEFGHIJKLMNOPRSTUVWYZagiounhgABCEHJKLMPRSTVWZ",
        strict=True,
    )
)
_LOOKALIKES |= {chr(0x1F1E6 + place): chr(0x41 + place) for place in range(26)}  # regional indicators
_LOOKALIKES |= {chr(0x1F170 + place): chr(0x41 + place) for place in range(26)}  # letters in black squares
_LOOKALIKES |= {chr(0x1F150 + place): chr(0x41 + place) for place in range(26)}  # letters in black circles
_LOOKALIKES |= {chr(0x1F110 + place): chr(0x41 + place) for place in range(26)}  # letters in brackets, which NFKC
_LOOKALIKES |= {chr(0x249C + place): chr(0x61 + place) for place in range(26)}  # would set between them
_LOOKALIKES |= {
    "\u3002": ".",
    "\u2215": "/",
    "\u2044": "/",
    "\u2236": ":",
    "\ua789": ":",
    "\u2219": ".",
    "\u0589": ":",
}
_LOOKALIKES |= {"ß": "ss", "æ": "ae", "œ": "oe", "Æ": "AE", "Œ": "OE", "þ": "th", "Þ": "TH", "ø": "o", "Ø": "O"}
_LOOKALIKES |= {"đ": "d", "ð": "d", "Đ": "D", "Ð": "D", "ł": "l", "Ł": "L", "\u0131": "i", "ŋ": "n"}
_LOOKALIKES |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_LOOKALIKES |= dict.fromkeys("\u2018\u2019\u201b\u02bc", "'") | dict.fromkeys("\u201c\u201d\u201e\xab\xbb", '"')


@dataclass(frozen=True, slots=True, repr=False)
class Shadow:
    """`text` is the folded text; `origin[i]` is where its character `i` stood, `None` when nothing moved."""

    text: str
    raw_length: int
    origin: tuple[int, ...] | None
    long_runs: tuple[tuple[int, int], ...]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original. Marks and invisible characters after the last one belong to it."""
        if self.origin is None:
            return start, end
        after = self.origin[end] if end < len(self.origin) else self.raw_length
        last = self.origin[end - 1] + 1
        return self.origin[start], max(after, last)

    def __repr__(self) -> str:
        return "Shadow(<hidden>)"


class _Folds(dict[str, str]):
    """Each character's folded form, worked out once."""

    def __missing__(self, char: str) -> str:
        folded = _fold(char)
        self[char] = folded
        if len(folded) != 1:
            _UNEVEN.add(char)
        return folded


_FOLDS = _Folds()
_UNEVEN: set[str] = set()  # characters met that fold to none or to several
_CACHE_LIMIT = 20_000  # distinct characters; all of Unicode would take 100 MB


def shadow_of(text: str) -> Shadow:
    """Fold `text`. Linear; ASCII text is its own shadow, and one in which nothing moved needs no offsets."""
    if text.isascii():
        return _without_long_runs(text, len(text), None)
    if len(_FOLDS) > _CACHE_LIMIT:
        _FOLDS.clear()
        _UNEVEN.clear()
    folded = _NOT_ASCII.sub(_fold_run, text)
    if len(folded) == len(text) and _UNEVEN.isdisjoint(text):
        return _without_long_runs(folded, len(text), None)
    pieces = [_FOLDS[char] for char in text]
    origin = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    return _without_long_runs(folded, len(text), origin)


def unseen_runs(text: str) -> list[tuple[int, int]]:
    """Runs of tag characters, which spell ASCII that nobody sees and any program reads; in code points."""
    return [] if text.isascii() else [match.span() for match in _UNSEEN.finditer(text)]


def foreign_words(text: str) -> list[tuple[int, int]]:
    """Words of `text` with a letter that is not Latin, even when each looks Latin; in code points."""
    if text.isascii():
        return []
    words: list[tuple[int, int]] = []
    for match in _NOT_LATIN.finditer(text):
        start, end = match.span()
        if words and start < words[-1][1]:
            continue
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        words.append((start, end))
    return words


def fold(text: str) -> str:
    """`text` as patterns and word lists see it."""
    return text if text.isascii() else _NOT_ASCII.sub(_fold_run, text)


def _fold_run(match: re.Match[str]) -> str:
    return "".join([_FOLDS[char] for char in match.group()])


def _without_long_runs(folded: str, raw_length: int, origin: tuple[int, ...] | None) -> Shadow:
    if len(folded) <= LONG_RUN:
        return Shadow(folded, raw_length, origin, ())
    runs = tuple(match.span() for match in _LONG.finditer(folded))
    if runs:
        folded = _LONG.sub(lambda match: FOREIGN * len(match.group()), folded)
    return Shadow(folded, raw_length, origin, runs)


def _fold(char: str) -> str:
    if char.isascii():
        return char
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    return "".join(_fold_part(part) for part in unicodedata.normalize("NFKD", char))


def _fold_part(part: str) -> str:
    if part.isascii():
        return part
    if part in _LOOKALIKES:
        return _LOOKALIKES[part]
    category = unicodedata.category(part)
    if category == "Nd":
        return str(unicodedata.digit(part))
    if category in {"Mn", "Me", "Cf"}:
        return ""  # accents, variation selectors, zero-width and direction marks
    if category[0] in "LMN":
        return FOREIGN
    return " " if category[0] == "Z" else "~"
