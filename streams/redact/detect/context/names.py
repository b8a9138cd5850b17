"""What people make of a name of several words: one word, its order turned, its initials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemas.hidden import Hidden
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import LIKELY, Find

MIN_ALONE = 3  # initials from which capitals alone suffice: "JQS" is nobody's word, "IT" is
_BEFORE = 24  # characters in which a cue for bare initials is looked for
_CUE = re.compile(r"(?:\b(?:initials?|signed|sgd|by|cc|attn|regards|from|per)|[-~/(*])[\s:.,]*$", re.IGNORECASE)
_POINTED = re.compile(r"(?<![A-Za-z0-9.])(?:[A-Za-z]\. ?){1,3}[A-Za-z]\b\.?")
_NOT_INITIALS = frozenset({"eg", "ie", "am", "pm", "ps", "ca"})
_LEFT = re.compile(r"(?<![A-Za-z0-9'.])(?:[A-Z]\.? ?-?){1,3}$")
_RIGHT = re.compile(r",? (?:[A-Z]\. ?-?){1,3}(?![A-Za-z0-9])|,? [B-HJ-Z]\b(?!')")
_REACH = 9  # characters of three initials with points and spaces


def run_together(words: Sequence[str]) -> Iterator[str]:
    """A name as log-ins and addresses have it: johnsmith, smithjohn, jsmith, smithj, jqsmith."""
    first, last = words[0], words[-1]
    yield last + "".join(words[:-1])
    yield first[0] + last
    yield last + first[0]
    if len(words) > 2:  # noqa: PLR2004 - a middle name
        yield first + last
        yield last + first
        yield "".join(word[0] for word in words[:-1]) + last


class Initials(Hidden):
    """Initials of known names: with points anywhere, bare where a cue says so or where they are three."""

    __slots__ = ("_kinds", "_openings")

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._openings: set[str] = set()

    def add(self, words: Sequence[str], kind: str) -> None:
        letters = "".join([word[0] for word in words])
        self._kinds.setdefault(letters, kind)
        self._kinds.setdefault(letters[0] + letters[-1], kind)
        self._openings.add(letters[0])

    def find(self, words: Words) -> Iterator[Find]:
        if not words.distinct.isdisjoint(self._openings):
            yield from self._pointed(words.text)
        bare = words.distinct.intersection(self._kinds)
        closing = len(words.text.rstrip(" .)")) if bare else 0
        for place in words.places(bare) if bare else ():
            start, end = words.spans[place]
            # A note's end is where its writer signs.
            if words.text[start:end].isupper() and (
                end - start >= MIN_ALONE or end >= closing or _is_cued(words.text, start)
            ):
                yield Find(start, end, self._kinds[words.all[place]], LIKELY)

    def _pointed(self, text: str) -> Iterator[Find]:
        for match in _POINTED.finditer(text):
            letters = "".join(filter(str.isalpha, match.group())).lower()
            if letters in self._kinds and (letters not in _NOT_INITIALS or match.group()[0].isupper()):
                yield Find(*match.span(), self._kinds[letters], LIKELY)


def _is_cued(text: str, start: int) -> bool:
    """Whether a word like "signed" comes before."""
    return _CUE.search(text, max(0, start - _BEFORE), start) is not None


def with_initials(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a find of a name to the initials beside it: "J. Smith", "Smith, J. Q."."""
    left = _LEFT.search(text, max(0, start - _REACH), start)
    right = _RIGHT.match(text, end, end + _REACH)
    return left.start() if left else start, right.end() if right else end
