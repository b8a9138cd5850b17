"""A folded text cut into words: what is there at once, where it stands only when something was found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator
from itertools import accumulate, pairwise

import numpy as np

from schemas.hidden import Hidden

# Lower case, and a space for whatever is neither letter nor digit. `bytes.translate` and `split` cut 500
# characters into words in 2 µs, where a pattern takes 10.
_SPACED = bytes(ord(char.lower()) if char.isascii() and char.isalnum() else 32 for char in map(chr, range(256)))
_NO_DIGITS = bytes(code for code in range(256) if chr(code) not in "0123456789")
_BLANK = ord(" ")
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
        self._far: dict[tuple[int, bool], list[int]] = {}

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

    def close_together(self, first: int, last: int, gap: int = MAX_GAP, *, unspaced: bool = False) -> bool:
        """Whether no two neighbours of the words from `first` to `last` stand further apart than `gap`.

        `unspaced`: nor begins what is between them with white space. Counted once for all words of a text: values
        of many words may stand at every one of them.
        """
        if first == last:
            return True
        if (gap, unspaced) not in self._far:
            self._far[gap, unspaced] = self._count_far(gap, unspaced=unspaced)
        far = self._far[gap, unspaced]
        return far[first] == far[last]

    def _count_far(self, gap: int, *, unspaced: bool) -> list[int]:
        """For each word how many neighbours before it stand too far apart."""
        far = (
            two[0] - one[1] > gap or (unspaced and self.text[one[1]].isspace())
            for one, two in pairwise(self.spans)
        )
        return list(accumulate(far, initial=0))
