"""What a report leaves for those who write policies: the words around what was marked, and its shape. Pure.

Letters of what was marked become `x` or `X`, digits `9`; spaces and signs stay, since patterns hang on them. What
was marked may stand there again unmarked: every occurrence of it and of its words is masked alike.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from schemas.hidden import Hidden
from schemas.records import LabelSpan

AROUND = 80
"""Code points on either side of a mark: what a rule about neighbouring words looks at, and no whole message."""
WORD = 3
"""Of so many code points on, a word of what was marked is masked elsewhere too: shorter ones, in scripts that have
small and capital letters, are in every text. The whole of it is masked, however short.
"""
LONGEST = 1_000
"""Of a mark's shape. What is longer is no value but a text, and a find has to fit on its topic."""
MAX_FRAGMENTS = 20
"""Of one report. More marks are a text that was not redacted at all: the first twenty show as much."""
Mark = tuple[str, int, int]
"""Field, start, end."""


@dataclass(frozen=True, slots=True, repr=False)
class Fragment(Hidden):
    """A piece of a field with what was marked masked; `start` and `end` are the mark's code points in `text`."""

    field: str
    text: str
    start: int
    end: int


def fragments(fields: Mapping[str, str], marks: Iterable[LabelSpan]) -> tuple[Fragment, ...]:
    """One a mark, in the order of the text; marks that touch are one. Marks must lie within their fields.

    Costs as much as the marks are long, however long the texts are.
    """
    found = _merged(marks)
    exposed = _Exposed(fields[field][start:end] for field, start, end in found)
    return tuple(_fragment(fields, found, at, exposed) for at in range(min(len(found), MAX_FRAGMENTS)))


def as_bytes(found: Sequence[Fragment]) -> bytes:
    """What is sealed: a JSON list."""
    rows = [{"field": it.field, "text": it.text, "start": it.start, "end": it.end} for it in found]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def from_bytes(content: bytes) -> tuple[Fragment, ...]:
    """The other way. Raises ValueError, KeyError, TypeError for anything else."""
    return tuple(Fragment(it["field"], it["text"], it["start"], it["end"]) for it in json.loads(content))


def shape_of(text: str) -> str:
    """As long as `text`, and tells nothing of it but where letters, digits and signs stand."""
    return "".join(map(_shape, text))


def _shape(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Lu":
        return "X"
    if category[0] in "LM":
        return "x"
    if category[0] == "N":
        return "9"
    return char if category[0] in "PZ" or char in "\n\t+$<>|=^~" else "x"


def _merged(marks: Iterable[LabelSpan]) -> list[Mark]:
    found: list[Mark] = []
    for mark in sorted(marks, key=lambda it: (it.field, it.start, it.end)):
        if found and found[-1][0] == mark.field and mark.start <= found[-1][2]:
            found[-1] = (mark.field, found[-1][1], max(found[-1][2], mark.end))
        else:
            found.append((mark.field, mark.start, mark.end))
    return found


def _fragment(fields: Mapping[str, str], marks: Sequence[Mark], at: int, exposed: _Exposed) -> Fragment:
    """Looked at is twice what is kept around the mark, so that no word is cut before it is known."""
    field, start, end = marks[at]
    text = fields[field]
    first, last = max(0, start - 2 * AROUND), min(len(text), end + 2 * AROUND)
    before, after = list(exposed.masked(text[first:start])), list(exposed.masked(text[end:last]))
    for _, other_start, other_end in (mark for mark in marks if mark[0] == field):
        _mask(before, other_start - first, other_end - first)
        _mask(after, other_start - end, other_end - end)
    kept = "".join(before)[-AROUND:]
    shape = shape_of(text[start : min(end, start + LONGEST)])
    return Fragment(field, kept + shape + "".join(after)[:AROUND], len(kept), len(kept) + len(shape))


def _mask(chars: list[str], start: int, end: int) -> None:
    piece = slice(max(0, start), max(0, end))
    chars[piece] = shape_of("".join(chars[piece]))


class _Exposed:
    """What was marked, and its words, to be known wherever they stand again, in any case of letters."""

    def __init__(self, pieces: Iterable[str]) -> None:
        found = (word for piece in pieces for word in (piece.strip(), *_words(piece)))
        self._words = {_lower(word) for word in found if 0 < len(word) <= 2 * AROUND}
        self._lengths = sorted({len(word) for word in self._words})

    def masked(self, text: str) -> str:
        """A short text without them."""
        lower, chars = _lower(text), list(text)
        for length in self._lengths:
            for start in range(len(text) - length + 1):
                if lower[start : start + length] in self._words:
                    _mask(chars, start, start + length)
        return "".join(chars)


def _words(piece: str) -> Iterator[str]:
    """Letters with their marks, and digits, in a row (by category: a pattern's word ends at a vowel sign)."""
    for inside, chars in groupby(piece, lambda char: unicodedata.category(char)[0] in "LMN"):
        word = "".join(chars)
        if inside and (len(word) >= WORD or word.lower() == word.upper()):
            yield word


def _lower(text: str) -> str:
    """As long as `text`: a letter whose small form is two characters stays as it is."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(_small(char) for char in text)


def _small(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else char
