"""What a change of policy means on samples: what is seen that was not, and the other way round. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.geometry import FieldGeometry, Span
from schemas.hidden import Hidden
from streams.redact.outcome import Outcome, Redacted
from streams.redact.trial import outcome_of

EXAMPLES = 3
"""Per row: enough to see what it is about."""
WIDTH = 40
_INDEX = re.compile(r"\[\d+\]")
_WHOLE = "(whole field)"
_ESCAPE = "escape"
"""Action of what replaces a bracket, so that text does not look like a placeholder: nothing is hidden by it."""


class Turn(StrEnum):
    """What happened to a piece of text between the two policies."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    OTHERWISE = "otherwise"
    """Hidden by both, in another way or under another name."""


@dataclass(frozen=True, slots=True, repr=False)
class Row(Hidden):
    """So many pieces of a category in a field. `examples` are raw text of the samples: for their owner only."""

    turn: Turn
    field: str
    category: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`outcomes` counts records whose outcome changed, as (before, after): task, dropped, quarantined."""

    records: int
    changed: int
    outcomes: tuple[tuple[str, str, int], ...]
    rows: tuple[Row, ...]

    @property
    def shows_more(self) -> bool:
        """Whether the new policy shows something of these samples that the old one hid."""
        return any(row.turn is Turn.SHOWN for row in self.rows)


@dataclass(frozen=True, slots=True, repr=False)
class _Piece(Hidden):
    turn: Turn
    field: str
    category: str
    text: str


def compare(old: Sequence[Outcome], new: Sequence[Outcome]) -> Comparison:
    """The outcomes of the same records under two policies, in the same order."""
    outcomes: Counter[tuple[str, str]] = Counter()
    pieces: list[_Piece] = []
    changed = 0
    for before, after in zip(old, new, strict=True):
        kinds = (outcome_of(before)[0].value, outcome_of(after)[0].value)
        outcomes[kinds] += kinds[0] != kinds[1]
        found = list(_turned(before, after))
        changed += bool(found) or kinds[0] != kinds[1]
        pieces += found
    counted = tuple((*kinds, count) for kinds, count in sorted(outcomes.items()) if count)
    return Comparison(len(old), changed, counted, _rows(pieces))


def _rows(pieces: Sequence[_Piece]) -> tuple[Row, ...]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for piece in pieces:
        groups.setdefault((piece.turn, piece.field, piece.category), []).append(piece.text)
    order = list(Turn)
    rows = [
        Row(Turn(turn), field, category, len(texts), tuple(dict.fromkeys(map(_short, texts)))[:EXAMPLES])
        for (turn, field, category), texts in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (order.index(row.turn), -row.count, row.field, row.category)))


def _turned(before: Outcome, after: Outcome) -> Iterator[_Piece]:
    """Every piece of the record that is seen otherwise."""
    was, now = _fields(before), _fields(after)
    for path in dict.fromkeys([*was, *now]):
        field = _INDEX.sub("[]", path)
        if path not in now:
            yield _Piece(Turn.HIDDEN, field, _WHOLE, was[path][1])
        elif path not in was:
            yield from _appeared(field, *now[path])
        else:
            yield from _moved(field, was[path][0], *now[path])


def _fields(outcome: Outcome) -> dict[str, tuple[FieldGeometry, str]]:
    """Each field that is in the task, with its raw text."""
    if not isinstance(outcome, Redacted):
        return {}
    return {one.field: (one, outcome.sources.by_name[one.field]) for one in outcome.geometry}


def _appeared(field: str, geometry: FieldGeometry, text: str) -> Iterator[_Piece]:
    """What is readable of a field that was not there at all."""
    readable = "".join(text[start:end] for start, end in _gaps(0, len(text), _hiding(geometry)))
    if _says_something(readable):
        yield _Piece(Turn.SHOWN, field, _WHOLE, readable)


def _moved(field: str, was: FieldGeometry, now: FieldGeometry, text: str) -> Iterator[_Piece]:
    for turn, here, there in ((Turn.SHOWN, was, now), (Turn.HIDDEN, now, was)):
        for span in _hiding(here):
            for start, end in _gaps(span.start, span.end, _hiding(there)):
                if _says_something(text[start:end]):
                    yield _Piece(turn, field, span.entity_type, text[start:end])
    before = {(span.start, span.end): (span.entity_type, span.action) for span in _hiding(was)}
    for span in _hiding(now):
        kind = before.get((span.start, span.end))
        if kind is not None and kind != (span.entity_type, span.action):
            category = f"{kind[0]} {kind[1]} → {span.entity_type} {span.action}"
            yield _Piece(Turn.OTHERWISE, field, category, text[span.start : span.end])


def _hiding(geometry: FieldGeometry) -> list[Span]:
    return [span for span in geometry.spans if span.action != _ESCAPE]


def _gaps(start: int, end: int, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """The parts of `[start, end)` that no span covers."""
    for span in spans:
        if span.end > start and span.start < end:
            if span.start > start:
                yield start, span.start
            start = max(start, span.end)
    if start < end:
        yield start, end


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WIDTH else flat[: WIDTH - 1] + "…"
