"""A folded text cut into words: what is there at once, where it stands only when something was found."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Container, Iterator
from itertools import accumulate, pairwise

import numpy as np

from schemas.hidden import Hidden

# Lower case, and a space for whatever is neither letter nor digit. `bytes.translate` and `split` cut 500
# characters into words in 2 µs, where a pattern takes 10.
_SPACED = bytes(ord(char.lower()) if char.isascii() and char.isalnum() else 32 for char in map(chr, range(256)))
_NO_DIGITS = bytes(code for code in range(256) if chr(code) not in "0123456789")
_BLANK = ord(" ")
# Between the pieces of one word: signs, or a hyphen at a line's end and what begins the next line of a quotation.
_CUT = re.compile(r"[^A-Za-z0-9\s]{1,4}|[-=~]\s*?\n[\s>|*#]*")
MAX_CUT = 24  # characters of those
MAX_GAP = 3  # characters between two words of one name: ", " and a quotation mark


def words_of(folded: str) -> list[str]:
    """The words of an ASCII text in lower case, in order."""
    return folded.encode().translate(_SPACED).decode().split()


def only_digits(folded: str) -> str:
    """The digits of an ASCII text."""
    return folded.encode().translate(None, _NO_DIGITS).decode()


class Words(Hidden):
    """The words of a folded (ASCII) text, in lower case.

    `spaced` is the text with spaces for all else and one more at either end; `squeezed` is the words alone.
    """

    __slots__ = ("_ends", "_far", "_spans", "all", "distinct", "spaced", "squeezed", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.spaced = f" {text.encode().translate(_SPACED).decode()} "
        self.all = self.spaced.split()
        self.distinct = set(self.all)
        self.squeezed = "".join(self.all)
        self._spans: list[tuple[int, int]] | None = None
        self._ends: list[int] | None = None
        self._far: dict[str, list[int]] = {}

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each word stands, `[start, end)` in the text."""
        if self._spans is None:
            blank = np.frombuffer(self.spaced.encode(), np.uint8) == _BLANK
            edges = np.flatnonzero(blank[1:] != blank[:-1]).tolist()
            self._spans = list(zip(edges[::2], edges[1::2], strict=True))
        return self._spans

    def places(self, wanted: Container[str]) -> list[int]:
        """The positions in `all` of the words that are `wanted`."""
        return [place for place, word in enumerate(self.all) if word in wanted]

    def spans_of(self, word: str) -> Iterator[tuple[int, int]]:
        """Where `word` stands as a word of its own. A plain search; most words found are found once."""
        start = self.spaced.find(f" {word} ")
        while start >= 0:
            yield start, start + len(word)
            start = self.spaced.find(f" {word} ", start + 1)

    def are_only_words(self, squeezed: str) -> bool:
        """Whether `squeezed` is found nowhere but as a word of its own."""
        return squeezed in self.distinct and self.all.count(squeezed) == self.squeezed.count(squeezed)

    def under(self, start: int, end: int) -> tuple[int, int, bool]:
        """The first and last word under `squeezed[start:end]`, and whether it is made of whole words."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self.all)))
        first, last = bisect_right(self._ends, start), bisect_right(self._ends, end - 1)
        begins = start == (self._ends[first - 1] if first else 0)
        return first, last, begins and end == self._ends[last]

    def close_together(self, first: int, last: int, gap: int = MAX_GAP) -> bool:
        """Whether no two neighbours of the words from `first` to `last` stand further apart than `gap`."""
        return first == last or self._none_is_far(first, last, str(gap), lambda between: len(between) > gap)

    def are_pieces(self, first: int, last: int) -> bool:
        """Whether between the words from `first` to `last` is nothing but what may cut one word."""
        return first == last or self._none_is_far(
            first, last, "pieces", lambda between: len(between) > MAX_CUT or _CUT.fullmatch(between) is None
        )

    def _none_is_far(self, first: int, last: int, by: str, is_far: Callable[[str], bool]) -> bool:
        """Counted once for all words of a text: values of many words may stand at every one of them."""
        if by not in self._far:
            far = (is_far(self.text[one[1] : two[0]]) for one, two in pairwise(self.spans))
            self._far[by] = list(accumulate(far, initial=0))  # for each word how many neighbours before it are far
        return self._far[by][first] == self._far[by][last]
