"""The record's own hidden values, as whoever knows them would look for them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from string import ascii_lowercase, digits

from schemas.hidden import Hidden
from streams.redact.detect.context.occurrences import occurrences
from streams.redact.normalizing import normalized
from streams.redact.verify.readings import normal

MIN_WORD = 4
MIN_LETTER_BY_LETTER = 5
MIN_BACKWARDS = 6
MIN_DIGITS = 6
MAX_WORDS = 12  # a longer value is prose, whose words say nothing of anyone by themselves
LONE = 2  # characters of the pieces of one word that was taken apart
_WORD = re.compile(r"[^\W_]+|\0")
_KEPT = frozenset(f"{ascii_lowercase}{digits}\0")
_TO_WORDS = bytes(code if chr(code) in _KEPT else 32 for code in range(256))


class OwnSecrets(Hidden):
    """Values, ready to be looked for in texts that are `normal`.

    Everyday words are no secret by themselves (a customer called Will does not make the verb one); a value of
    several words is, whatever its words.
    """

    __slots__ = ("_anywhere", "_apart", "_everyday", "_named", "_wholes", "_words")

    def __init__(self, is_everyday: Callable[[str], bool]) -> None:
        self._everyday = is_everyday
        self._words: set[str] = set()
        self._apart: list[str] = []
        self._anywhere: list[str] = []
        self._wholes: list[str] = []
        self._named: dict[int, set[str]] = {}  # by the number of their words

    def add(self, value: str, *, named: bool) -> None:
        """Look for `value`, too. `named`: a rule of the policy says what it is."""
        text = normal(value)
        words = _words_of(text)
        squeezed = "".join(words)
        if len(squeezed) < MIN_WORD and squeezed.isascii():
            return
        if len(words) <= MAX_WORDS:
            self._add_words(_words_of(text.rpartition("@")[0]) if "@" in text else words)
        if len(words) == 1 and self._everyday(squeezed):
            return
        if named:
            head = words[:MAX_WORDS]  # of prose its beginning suffices
            self._named.setdefault(len(head), set()).add(" ".join(head))
        if len(words) > 1:
            self._wholes.append(squeezed)
        if (squeezed.isdigit() and len(squeezed) >= MIN_DIGITS) or _has_no_word_bounds(words):
            self._anywhere.append(squeezed)
        elif len(squeezed) >= MIN_BACKWARDS:
            self._wholes.append(squeezed[::-1])

    def _add_words(self, words: Iterable[str]) -> None:
        for word in words:
            if (len(word) >= MIN_WORD or not word.isascii()) and not self._everyday(word):
                self._words.add(word)
                if len(word) >= MIN_LETTER_BY_LETTER:
                    self._apart.append(word)

    def are_in(self, text: str) -> bool:
        """Whether a value is there: whole or one of its words, squeezed, apart, backwards, grouped otherwise."""
        words = _words_of(text)
        if not self._words.isdisjoint(words):
            return True
        squeezed = "".join(words)
        if not squeezed.strip("\0"):
            return False
        if any(digits in squeezed for digits in self._anywhere):
            return True
        wholes = [value for value in self._wholes if value in squeezed]
        apart = [value for value in self._apart if value in squeezed]
        if not (wholes or apart):
            return False
        runs = _Runs(words, squeezed)
        return any(map(runs.have, wholes)) or any(map(runs.have_apart, apart))

    def named_are_in(self, text: str) -> bool:
        """Whether a named value is there as it is, whatever stands between its words."""
        words = _words_of(text) if self._named else []
        return any(
            " ".join(words[first : first + count]) in values
            for count, values in self._named.items()
            for first in range(len(words) - count + 1)
        )


def _has_no_word_bounds(words: Sequence[str]) -> bool:
    """Whether a value is one word of a script without case: most of them set no spaces between words."""
    word = words[0] if len(words) == 1 else ""
    return not word.isascii() and word.upper() == word.lower() and len(normalized("NFC", word)) > 1


class _Runs(Hidden):
    """Words side by side, where they begin and end when nothing is between them."""

    __slots__ = ("_ends", "_longer", "_squeezed")

    def __init__(self, words: list[str], squeezed: str) -> None:
        self._squeezed = squeezed
        self._longer = list(accumulate((len(word) > LONE for word in words), initial=0))
        self._ends = list(accumulate(map(len, words), initial=0))

    def have(self, value: str) -> bool:
        """Whether `value` is a run of whole words."""
        return any(True for _ in self._places(value))

    def have_apart(self, value: str) -> bool:
        """Whether `value` is a run of whole words, none longer than `LONE`."""
        return any(self._longer[first] == self._longer[last] for first, last in self._places(value))

    def _places(self, value: str) -> Iterator[tuple[int, int]]:
        for start in occurrences(self._squeezed, value):
            first, last = bisect_right(self._ends, start) - 1, bisect_left(self._ends, start + len(value))
            if self._ends[first] == start and self._ends[last] == start + len(value):
                yield first, last


def _words_of(text: str) -> list[str]:
    """Words of a normal text, in order; a replacement's place is a word of its own."""
    if text.isascii():
        return text.encode().translate(_TO_WORDS).decode().split()
    return _WORD.findall(text)
