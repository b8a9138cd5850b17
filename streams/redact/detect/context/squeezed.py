"""Values in a text without regard to what stands between their letters: JohnSmith, John-Smith, J o h n."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from streams.redact.detect.context.occurrences import occurrences
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import CERTAIN, Find

MIN_INSIDE = 5  # characters from which a value is also looked for inside longer words
SPELLED_GAP = 2  # characters between the letters of "J. o. h. n."


def find_wholes(words: Words, wholes: Mapping[str, str]) -> Iterator[Find]:
    """Values of several words: as one word or inside one, or as several that begin and end with it."""
    for value, kind in wholes.items():
        if value in words.squeezed:
            for first, last, exact in _occurrences(words, value):
                if (first == last and (exact or len(value) >= MIN_INSIDE)) or (
                    exact and words.close_together(first, last)
                ):
                    yield _find(words, first, last, kind)


def find_inside(words: Words, parts: Mapping[str, str]) -> Iterator[Find]:
    """Single words inside longer ones: the longer one is hidden whole, since its rest would tell."""
    for part, kind in parts.items():
        if part in words.squeezed and not words.are_only_words(part):
            for first, last, exact in _occurrences(words, part):
                # One word cut by something else than a space, Sm-ith. "In grid" is no Ingrid.
                if first == last or (exact and words.are_pieces(first, last)):
                    yield _find(words, first, last, kind)


def find_spelled(words: Words, parts: Mapping[str, str]) -> Iterator[Find]:
    """Single words letter by letter, short ones too."""
    for part, kind in parts.items():
        if part[0] in words.distinct and part[1] in words.distinct and part in words.squeezed:
            for first, last, exact in _occurrences(words, part):
                if exact and last - first == len(part) - 1 and words.close_together(first, last, SPELLED_GAP):
                    yield _find(words, first, last, kind)


def _occurrences(words: Words, squeezed: str) -> Iterator[tuple[int, int, bool]]:
    for start in occurrences(words.squeezed, squeezed):
        yield words.under(start, start + len(squeezed))


def _find(words: Words, first: int, last: int, kind: str) -> Find:
    return Find(words.spans[first][0], words.spans[last][1], kind, CERTAIN)
