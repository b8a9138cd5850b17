"""Names that stand for values: `[PERSON_1]`, numbered within a record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.geometry import Span
from schemas.hidden import Hidden, RawValues
from streams.redact.detect.find import Find
from streams.redact.detect.shadow import shadow_of
from topology.policies import Action

MASK = "*****"  # one width for all: a length tells of a value
ESCAPE = "escape"
ESCAPED = "ESCAPED"
PLACEHOLDER = re.compile(r"\[([A-Z][A-Z0-9_]*)_(\d+)\]")
_NO_LETTER = re.compile(r"[\W_]+")
_LOOKALIKE = re.compile(r"\[\s*[A-Za-z][A-Za-z0-9_ ]{0,60}[_ ]?\d+\s*\]")


@dataclass(frozen=True, slots=True, repr=False)
class Piece(Hidden):
    """A stretch of one raw field that must be replaced, by what action, and what it is."""

    find: Find
    action: str


class Numbering(Hidden):
    """Hands out placeholders within one record: one value, one placeholder, whatever field it stands in.

    Values are the same when they differ in case, spaces and punctuation only; the first one is kept as
    the original. A value found under several types is called by the one with the greatest weight.
    """

    __slots__ = ("_counts", "_names", "_originals", "_types")

    def __init__(self, occurrences: Sequence[tuple[str, Find]]) -> None:
        best: dict[str, Find] = {}
        for value, find in occurrences:
            known = best.get(_same(value))
            if known is None or (find.weight, find.entity_type) > (known.weight, known.entity_type):
                best[_same(value)] = find
        self._types = {value: find.entity_type for value, find in best.items()}
        self._names: dict[str, str] = {}
        self._originals: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def name(self, value: str) -> str:
        """The placeholder of `value`, numbered by first call."""
        key = _same(value)
        if key not in self._names:
            kind = self._types[key]
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[key] = f"[{kind}_{self._counts[kind]}]"
            self._originals[self._names[key]] = value
        return self._names[key]

    def kind(self, value: str) -> str:
        return self._types[_same(value)]

    def values(self) -> RawValues:
        """Placeholder → original."""
        return RawValues(dict(self._originals))


def _same(value: str) -> str:
    """What two spellings of one value have in common; the value itself where nothing would be left."""
    normal = value.lower() if value.isascii() else unicodedata.normalize("NFKC", value).casefold()
    return _NO_LETTER.sub("", normal) or value


def escapes(text: str, hidden: Sequence[Find]) -> list[Piece]:
    """The brackets of what looks like a placeholder in raw text, if not hidden anyway; they become `(` and `)`."""
    shadow = shadow_of(text)
    if "[" not in shadow.text:
        return []
    pieces = []
    for match in _LOOKALIKE.finditer(shadow.text):
        for position in (match.start(), match.end() - 1):
            start, end = shadow.to_raw(position, position + 1)
            if not any(find.start < end and start < find.end for find in hidden):
                pieces.append(Piece(Find(start, end, ESCAPED, 0.0), ESCAPE))
    return pieces


def render(path: str, text: str, pieces: Sequence[Piece], numbering: Numbering) -> tuple[str, list[Span]]:
    """The sanitized text of one field and its spans. `pieces` are ascending and disjoint."""
    parts: list[str] = []
    spans: list[Span] = []
    position = length = 0
    for piece in pieces:
        start, end = piece.find.start, piece.find.end
        raw = text[start:end]
        replacement = _replacement(piece, raw, numbering)
        kind = numbering.kind(raw) if piece.action == Action.PLACEHOLDER else piece.find.entity_type
        length += start - position
        spans.append(
            Span(path, start, end, length, length + len(replacement), kind, replacement, str(piece.action))
        )
        parts += (text[position:start], replacement)
        length += len(replacement)
        position = end
    parts.append(text[position:])
    return "".join(parts), spans


_FIXED: Mapping[str, str] = {Action.MASK: MASK, Action.DROP: ""}


def _replacement(piece: Piece, raw: str, numbering: Numbering) -> str:
    if piece.action == ESCAPE:
        return "(" if shadow_of(raw).text.startswith("[") else ")"
    return numbering.name(raw) if piece.action == Action.PLACEHOLDER else _FIXED[piece.action]
