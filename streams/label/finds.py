"""What a report leaves for those who write policies: the words around what was marked, and its shape. Pure.

Letters of what was marked become `x` or `X`, digits `9`; spaces and signs stay, since patterns hang on them. What
was marked may stand there again unmarked: every occurrence of it and of its words is masked alike.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.hidden import Hidden
from schemas.records import LabelSpan

AROUND = 80
"""Code points on either side of a mark: what a rule about neighbouring words looks at, and no whole message."""
WORD = 3
"""Of so many code points on, a word of what was marked is masked elsewhere too; shorter ones are in every text."""
MAX_FRAGMENTS = 20
"""Of one report. More marks are a text that was not redacted at all: the first twenty show as much."""
_WORDS = re.compile(rf"[^\W_]{{{WORD},}}")


@dataclass(frozen=True, slots=True, repr=False)
class Fragment(Hidden):
    """A piece of a field with what was marked masked; `start` and `end` are the mark's code points in `text`."""

    field: str
    text: str
    start: int
    end: int


def fragments(fields: Mapping[str, str], marks: Iterable[LabelSpan]) -> tuple[Fragment, ...]:
    """One a mark, in the order of the text; marks that touch are one. Marks must lie within their fields."""
    by_field: dict[str, list[tuple[int, int]]] = {}
    for mark in sorted(marks, key=lambda it: (it.field, it.start, it.end)):
        spans = by_field.setdefault(mark.field, [])
        if spans and mark.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], mark.end))
        else:
            spans.append((mark.start, mark.end))
    marked = [fields[field][start:end] for field, spans in by_field.items() for start, end in spans]
    found = [
        _fragment(field, masked, start, end)
        for field, spans in by_field.items()
        for masked in [_masked(fields[field], spans, marked)]
        for start, end in spans
    ]
    return tuple(found[:MAX_FRAGMENTS])


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


def _fragment(field: str, masked: str, start: int, end: int) -> Fragment:
    first = max(0, start - AROUND)
    return Fragment(field, masked[first : end + AROUND], start - first, end - first)


def _masked(text: str, spans: Sequence[tuple[int, int]], marked: Sequence[str]) -> str:
    again = {word for piece in marked for word in (piece.strip(), *_WORDS.findall(piece)) if len(word) >= WORD}
    places = [*spans, *(place for word in again for place in _occurrences(text, word))]
    chars = list(text)
    for start, end in places:
        chars[start:end] = shape_of(text[start:end])
    return "".join(chars)


def _occurrences(text: str, word: str) -> list[tuple[int, int]]:
    """In any case of letters. The pattern's own search, since folding a text can change its length."""
    return [match.span() for match in re.finditer(re.escape(word), text, re.IGNORECASE)]
