"""Known values across scripts: a Cyrillic name in Latin letters and the reverse, a Chinese one as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import regex  # type: ignore[import-untyped]  # it ships no types

from schemas.hidden import Hidden
from streams.redact.detect.context.skeleton import SCHEMED, skeleton
from streams.redact.detect.context.typos import Typos
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import CERTAIN, LIKELY, Find

MIN_SOUNDS = 3
MIN_FOREIGN = 2  # characters of a name in a script without a scheme here: two make a Chinese one
MAX_PIECES = 12  # of one value in such scripts, each one search of the text; of prose the beginning suffices
_WORD = re.compile(r"[^\W\d_]+")
_OTHER = regex.compile(r"[^\P{L}\p{Latin}\p{Cyrillic}\p{Greek}][\p{L}\p{M}\u00b7 ]*")


class Foreign(Hidden):
    """Looks for known values in other scripts, and for values of other scripts in Latin letters."""

    __slots__ = ("_everyday", "_exact", "_latin", "_schemed", "_values")

    def __init__(self, values: Sequence[tuple[str, str]], is_everyday: Callable[[str], bool]) -> None:
        """`values` are raw, each with its kind."""
        self._values = values
        self._everyday = is_everyday
        self._latin: _Sounds | None = None
        self._schemed: _Sounds | None = None
        self._exact: list[tuple[str, str]] = []
        foreign = [one for one in values if not one[0].isascii()]
        if foreign:
            self._prepare(foreign)

    @property
    def is_known(self) -> bool:
        """Whether a value is in a script of which Latin spellings are made."""
        return self._schemed is not None

    def _prepare(self, foreign: Sequence[tuple[str, str]]) -> None:
        if any(SCHEMED.search(value) for value, _ in foreign):
            self._schemed = _Sounds(foreign, SCHEMED)
        found = {
            match.group().strip().lower(): kind
            for value, kind in reversed(foreign)
            for match in islice(_OTHER.finditer(value), MAX_PIECES)
        }
        self._exact = [(value, kind) for value, kind in found.items() if len(value) >= MIN_FOREIGN]

    def find(self, text: str) -> Iterator[Find]:
        """Finds in raw text, in its coordinates."""
        if text.isascii():
            return
        yield from self._as_written(text)
        for match in SCHEMED.finditer(text):
            if self._latin is None:
                self._latin = _Sounds(self._values, _WORD)
            kind = self._latin.kind(match.group())
            if kind is not None:
                yield Find(*match.span(), kind, LIKELY)

    def find_romanized(self, words: Words) -> Iterator[Find]:
        """Finds in folded text, in its coordinates: Latin spellings of values in other scripts."""
        if self._schemed is None:
            return
        kinds = {word: self._schemed.kind(word) for word in words.distinct if not self._everyday(word)}
        for place in words.places({word for word, kind in kinds.items() if kind is not None}):
            yield Find(*words.spans[place], kinds[words.all[place]] or "", LIKELY)

    def _as_written(self, text: str) -> Iterator[Find]:
        lower = text.lower()
        same = lower if len(lower) == len(text) else text  # a few letters grow when lowered; offsets must not
        for value, kind in self._exact:
            start = same.find(value)
            while start >= 0:
                yield Find(start, start + len(value), kind, CERTAIN)
                start = same.find(value, start + len(value))


class _Sounds(Hidden):
    """Words by their skeleton, exact or one slip away."""

    __slots__ = ("_kinds", "_typos")

    def __init__(self, values: Sequence[tuple[str, str]], word: re.Pattern[str]) -> None:
        self._kinds: dict[str, str] = {}
        for value, kind in values:
            for match in word.finditer(value):
                sounds = skeleton(match.group())
                if len(sounds) >= MIN_SOUNDS:
                    self._kinds.setdefault(sounds, kind)
        self._typos = Typos(self._kinds)

    def kind(self, word: str) -> str | None:
        sounds = skeleton(word)
        return self._kinds.get(sounds) or self._typos.kind_of(sounds)
