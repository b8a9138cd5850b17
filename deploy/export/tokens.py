"""How a text is cut into tokens where a form has them, and which of them a span takes. Pure.

A token is a placeholder (`[PERSON_1]`, `[PERSON:token]`), a run of letters, digits and underscores (Unicode's), or
any other single character that is no white space: the same for every language. Nothing but white space is lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.export.documents import Tally
from schemas.records import SupportedSpan
from streams.redact.placeholders import PLACEHOLDER

_TOKEN = re.compile(PLACEHOLDER.pattern + r"|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Token:
    """Code points of the text, end-exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A span in tokens, end-exclusive."""

    first: int
    end: int
    label: str


def tokens_of(text: str) -> list[Token]:
    """All tokens, in order."""
    return [Token(*match.span()) for match in _TOKEN.finditer(text)]


def on_tokens(tokens: Sequence[Token], spans: Sequence[SupportedSpan], tally: Tally) -> list[Entity]:
    """Each span on the tokens it touches, widened to the whole of them; `tally` counts what became of each."""
    found = []
    for span in spans:
        touched = [at for at, token in enumerate(tokens) if token.start < span.end and span.start < token.end]
        if not touched:
            tally[Tally.NOWHERE] += 1
            continue
        first, last = tokens[touched[0]], tokens[touched[-1]]
        fits = (first.start, last.end) == (span.start, span.end)
        tally[Tally.EXACT if fits else Tally.WIDENED] += 1
        found.append(Entity(touched[0], touched[-1] + 1, span.label))
    return found


def flat(entities: Sequence[Entity], tally: Tally) -> list[Entity]:
    """Those that can stand side by side: of two that overlap the earlier, or else the longer."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda it: (it.first, -it.end, it.label)):
        if kept and entity.first < kept[-1].end:
            tally[Tally.OVERLAPPING] += 1
        else:
            kept.append(entity)
    return kept
