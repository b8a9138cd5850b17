"""Words that are one slip away from a known one: a letter more, less or other, or two neighbours swapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.hidden import Hidden

MIN_LETTERS = 5  # a shorter word has too many neighbours that are words
MAX_LETTERS = 40
MAX_WORDS = 32  # a record with more is a table; each costs two searches and some comparisons


class Typos(Hidden):
    """Known words, each by its two halves without the letter between them.

    One slip leaves the first half alone or the last. So a text in which no word begins or ends like a known one,
    which two plain searches tell, needs no comparison.
    """

    __slots__ = ("_halves",)

    def __init__(self, words: Mapping[str, str]) -> None:
        """`words` with what each is called; those too short, too long or not of letters alone have no slips."""
        known = [word for word in words if MIN_LETTERS <= len(word) <= MAX_LETTERS and word.isalpha()]
        self._halves = [
            (f" {word[: (len(word) - 1) // 2]}", f"{word[(len(word) + 1) // 2 :]} ", word, words[word])
            for word in known[:MAX_WORDS]
        ]

    def find(self, spaced: str) -> Iterator[tuple[int, int, str]]:
        """Where in `spaced` (lower case, each word between spaces) a slip of a known word is, and its kind."""
        for head, tail, word, kind in self._halves:
            if head in spaced or tail in spaced:
                compared: dict[str, bool] = {}
                for start, end in (*_beginning(spaced, head), *_ending(spaced, tail)):
                    other = spaced[start:end]
                    if other not in compared:
                        compared[other] = is_slip(word, other)
                    if compared[other]:
                        yield start, end, kind

    def kind_of(self, word: str) -> str | None:
        """What a known word is called of which `word` is a slip."""
        return next((kind for _, _, known, kind in self._halves if is_slip(known, word)), None)


def _beginning(spaced: str, head: str) -> Iterator[tuple[int, int]]:
    at = spaced.find(head)
    while at >= 0:
        end = spaced.index(" ", at + 1)
        yield at + 1, end
        at = spaced.find(head, end)


def _ending(spaced: str, tail: str) -> Iterator[tuple[int, int]]:
    at = spaced.find(tail)
    while at >= 0:
        end = at + len(tail) - 1
        yield spaced.rindex(" ", 0, end) + 1, end
        at = spaced.find(tail, end)


def is_slip(one: str, two: str) -> bool:
    """Whether the words are exactly one apart (Damerau–Levenshtein, neighbours swapped count as one)."""
    if len(one) > len(two):
        one, two = two, one
    if len(two) - len(one) > 1 or one == two:
        return False
    at = 0
    while at < len(one) and one[at] == two[at]:
        at += 1
    if len(one) < len(two):
        return one[at:] == two[at + 1 :]
    rest = at + 1
    if one[rest:] == two[rest:]:
        return True
    return one[at] == two[rest] and one[rest] == two[at] and one[rest + 1 :] == two[rest + 1 :]
