"""What happens to text on its way: case, typing errors, spacing, quotes, accents.

Spans stay exact, since noise works on segments and positions are counted afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from random import Random

from streams.redact.training.synthetic.filling import Segment
from streams.redact.training.synthetic.words import chance, pick

# Share of texts that each kind of noise reaches.
LOWER, UPPER, TITLE = 0.08, 0.04, 0.02  # at most one kind of case
LOWER_VALUES = 0.03  # "my name is anna schmidt" in a text that is otherwise written well
TYPO, PLAIN_ACCENTS, NO_PERIOD, DOUBLE_SPACES, SMART_QUOTES = 0.03, 0.04, 0.05, 0.02, 0.05
SPLIT = {"news": 0.3, "wiki": 0.3, "tweet": 0.4, "sport": 0.3}  # tokens apart, as annotated corpora have them
SPLIT_OTHERS = 0.06

LONG = 5  # letters; a typing error makes another word of a shorter name

_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
_SMART = str.maketrans({"'": "\u2019", '"': "\u201d"})
_WORDS = _NAMES | {None, "USERNAME"}  # not addresses and numbers, which corpora leave whole
_APART = re.compile(
    r"(\.\.\.|[,;:!?()\"“”…\[\]]|(?<=\w)(?:'s|n't|'m|'re|'ve|'ll|'d)\b|[#@](?=\w|$)|(?<!\b[A-Z])\.(?=\s|$))"
)


def noisy(segments: list[Segment], family: str, rng: Random) -> list[Segment]:
    """The segments after their noise."""
    for share, change in _CHANGES:
        if chance(rng, share):
            segments = change(segments, rng)
    segments = _cased(segments, rng.random())
    return _apart(segments) if chance(rng, SPLIT.get(family, SPLIT_OTHERS)) else segments


def _mapped(segments: list[Segment], change: str) -> list[Segment]:
    return [Segment(getattr(text, change)(), entity_type) for text, entity_type in segments]


def _cased(segments: list[Segment], draw: float) -> list[Segment]:
    if draw < LOWER:
        return _mapped(segments, "lower")
    if draw < LOWER + UPPER:
        return _mapped(segments, "upper")
    if draw < LOWER + UPPER + TITLE:
        return _titled(segments)
    return _lower_values(segments) if draw < LOWER + UPPER + TITLE + LOWER_VALUES else segments


def _titled(segments: list[Segment]) -> list[Segment]:
    return [
        Segment(re.sub(r"(?<![\w'])[a-z]", lambda found: found[0].upper(), text), kind) for text, kind in segments
    ]


def _lower_values(segments: list[Segment]) -> list[Segment]:
    return [Segment(text.lower() if kind in _NAMES else text, kind) for text, kind in segments]


def _typo(segments: list[Segment], rng: Random) -> list[Segment]:
    places = [at for at, (text, kind) in enumerate(segments) if kind in _NAMES and len(text) >= LONG]
    if not places:
        return segments
    at = pick(rng, tuple(places))
    text, kind = segments[at]
    return [*segments[:at], Segment(_mistyped(text, rng), kind), *segments[at + 1 :]]


def _mistyped(text: str, rng: Random) -> str:
    at = rng.randrange(1, len(text) - 1)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    if letter.isspace() or after[0].isspace():
        return text
    return pick(rng, (before + after, before + letter + letter + after, before + after[0] + letter + after[1:]))


def _plain_accents(segments: list[Segment], _rng: Random) -> list[Segment]:
    return [Segment(_unaccented(text), kind) for text, kind in segments]


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in parts if not "\u0300" <= letter <= "\u036f"))


def _no_period(segments: list[Segment], _rng: Random) -> list[Segment]:
    text, kind = segments[-1]
    return [*segments[:-1], Segment(text.rstrip(".") if kind is None else text, kind)]


def _double_spaces(segments: list[Segment], rng: Random) -> list[Segment]:
    """All or some single spaces between words become two."""
    share = pick(rng, (0.2, 1.0))
    return [
        Segment(re.sub(r"(?<=\S) (?=\S|$)", lambda _found: "  " if chance(rng, share) else " ", text), kind)
        for text, kind in segments
    ]


def _smart_quotes(segments: list[Segment], _rng: Random) -> list[Segment]:
    return [Segment(text.translate(_SMART), kind) for text, kind in segments]


def _apart(segments: list[Segment]) -> list[Segment]:
    """Punctuation and clitics apart from words: `Do n't go , Ann !`."""
    apart = [
        Segment(_spaced(text) if kind in _WORDS and "://" not in text else text, kind) for text, kind in segments
    ]
    apart[0] = apart[0]._replace(text=apart[0].text.lstrip(" "))
    apart[-1] = apart[-1]._replace(text=apart[-1].text.rstrip(" "))
    return apart


def _spaced(text: str) -> str:
    return re.sub(r" {2,}", " ", _APART.sub(r" \1 ", text))


_CHANGES = (
    (TYPO, _typo),
    (PLAIN_ACCENTS, _plain_accents),
    (NO_PERIOD, _no_period),
    (SMART_QUOTES, _smart_quotes),
    (DOUBLE_SPACES, _double_spaces),
)
