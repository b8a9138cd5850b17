"""The record's own sensitive values as a deny list for its free text, however the text spells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise

from schemas.hidden import Hidden
from streams.redact.detect.context.foreign import Foreign
from streams.redact.detect.context.known import Known
from streams.redact.detect.context.markup import untagged
from streams.redact.detect.context.names import with_initials
from streams.redact.detect.context.squeezed import find_inside, find_spelled, find_wholes
from streams.redact.detect.context.words import Words
from streams.redact.detect.find import LIKELY, STRONG, Find
from streams.redact.detect.shadow import shadow_of

MAX_VALUES = 500  # a record with more is a table; its first ones count
_NAME_GAPS = frozenset((" ", "-", ", ", "'", "/", " - "))


@dataclass(frozen=True, slots=True, repr=False)
class KnownValue(Hidden):
    """A value that must not be seen; `entity_type` is what it is called where it turns up."""

    text: str
    entity_type: str


class OwnValues(Hidden):
    """Searches a text for values, their words and what people make of them: `detect/context/` has a file for each.

    An everyday word ("new", "will") counts only where it is written with a capital: else a customer called Will
    would black out every sentence, and the reader learns nothing of him from a verb. What is made of a value
    (a pet form, a plural, a slip of the pen) counts in lower case unless it is a common word itself.
    """

    __slots__ = ("_common", "_everyday", "_foreign", "_known", "_values")

    def __init__(
        self,
        values: Iterable[KnownValue],
        is_everyday: Callable[[str], bool],
        is_common: Callable[[str], bool] | None = None,
    ) -> None:
        """`is_common` knows more words of the language than `is_everyday`; without it they are one."""
        self._values = [(value.text, value.entity_type) for value in islice(values, MAX_VALUES)]
        self._everyday = is_everyday
        self._common = is_common or is_everyday
        self._known: Known | None = None  # made when the first text comes: many records have none
        self._foreign: Foreign | None = None

    def find(self, text: str) -> list[Find]:
        """Finds in `text`, in its coordinates, unsorted and overlapping. Linear in the text."""
        if not self._values:
            return []
        if self._known is None:
            self._known = Known(self._values, self._everyday)
            if not all(value.isascii() for value, _ in self._values):
                self._foreign = Foreign(self._values, self._everyday)
        if text.isascii():
            return self._in_all(text, self._known)
        shadow = shadow_of(text)
        finds = self._in_all(shadow.text, self._known)
        moved = [Find(*shadow.to_raw(find.start, find.end), find.entity_type, find.weight) for find in finds]
        self._foreign = self._foreign or Foreign(self._values, self._everyday)
        return [*moved, *self._foreign.find(text)]

    def _in_all(self, text: str, known: Known) -> list[Find]:
        """In folded text, and in what tags cut in two there."""
        finds, plain = self._in_folded(text, known), untagged(text)
        if plain is None:
            return finds
        cut = (find for find in self._in_folded(plain.text, known) if plain.is_cut(find.start, find.end))
        return [*finds, *(Find(*plain.to_tagged(it.start, it.end), it.entity_type, it.weight) for it in cut)]

    def _in_folded(self, text: str, known: Known) -> list[Find]:
        words = Words(text)
        finds = [_with_initials(find, text) for find in self._in_words(words, known)]
        finds += known.digits.find(text)
        finds += known.dates.find(words)
        finds += known.initials.find(words)
        return [*finds, *_side_by_side(finds, text)] if finds else finds

    def _in_words(self, words: Words, known: Known) -> Iterator[Find]:
        yield from _listed(words, known.sure, self._everyday, STRONG)
        yield from _listed(words, known.likely, self._common, LIKELY)
        for start, end, kind in known.typos.find(words.spaced):
            if not self._common(words.spaced[start:end]):
                yield Find(start - 1, end - 1, kind, LIKELY)
        yield from find_wholes(words, known.wholes)
        yield from find_inside(words, known.inside)
        yield from find_spelled(words, known.sure)
        if self._foreign and self._foreign.is_known:
            yield from self._foreign.find_romanized(words)


def _listed(
    words: Words, kinds: Mapping[str, str], is_word: Callable[[str], bool], weight: float
) -> Iterator[Find]:
    """Words of the text that are listed, each as a word of its own; a word of the language needs a capital."""
    for word in words.distinct.intersection(kinds):
        common = is_word(word)
        for start, end in words.spans_of(word):
            if not common or words.text[start].isupper():
                yield Find(start, end, kinds[word], weight)


def _with_initials(find: Find, text: str) -> Find:
    start, end = with_initials(text, find.start, find.end)
    if start == find.start and end == find.end:
        return find
    return Find(start, end, find.entity_type, find.weight)


def _side_by_side(finds: Iterable[Find], text: str) -> Iterator[Find]:
    """Parts of one value next to each other are one find, so that a name gets one placeholder."""
    for left, right in pairwise(sorted(finds, key=lambda find: (find.start, find.end))):
        if left.entity_type == right.entity_type and text[left.end : right.start] in _NAME_GAPS:
            yield Find(left.start, right.end, left.entity_type, min(left.weight, right.weight))
