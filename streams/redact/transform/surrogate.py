"""`surrogate`: something realistic of the same kind and form, one for each value of a record.

Drawn from a keyed hash of the record, so that nobody can follow a value through records. Names are replaced word
by word, so that `Anna Stone`, `STONE` and `anna.stone@…` stay recognizable as one person within the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.hidden import Hidden
from streams.redact.placeholders import may_need_escapes
from streams.redact.transform.dice import Dice
from streams.redact.transform.keys import RecordKeys
from streams.redact.transform.made_up import made_up
from streams.redact.transform.surrogate_names import Names
from streams.redact.transform.telling import MIN_NUMBER, bare, numbers_of, tells, words_of
from streams.redact.transform.transform import same
from topology.policies import Treatment

ATTEMPTS = (
    24  # a surrogate that is a real value of the record is drawn again; what still is one gets a placeholder
)
MAX_LENGTH = 300  # characters; a longer value is a text, which has no kind and form to keep


class Real(Hidden):
    """The values of a record: no surrogate may equal one, or hold a word or a long number of one."""

    __slots__ = ("numbers", "wholes", "words")

    def __init__(self, values: Iterable[str]) -> None:
        self.wholes: set[str] = set()
        self.words: set[str] = set()
        self.numbers: set[str] = set()
        for value in values:
            self.wholes.add(bare(value))
            if len(value) <= MAX_LENGTH:
                self.words |= words_of(value)
                self.numbers |= numbers_of(value, MIN_NUMBER)


class Surrogates(Hidden):
    """Implements `transform.Transform`. `real` is called once, when the first surrogate is drawn."""

    def __init__(self, keys: RecordKeys, language: str, real: Callable[[], Real]) -> None:
        self._keys = keys
        self._language = language
        self._find_real = real
        self._real: Real | None = None
        self._names: Names | None = None
        self._made: dict[str, str | None] = {}
        self._owner: dict[str, str] = {}

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:  # noqa: ARG002 - takes none
        if len(value) > MAX_LENGTH:
            return None
        if self._real is None or self._names is None:
            self._real = self._find_real()
            self._names = Names(self._keys, self._language, self._real.words)
        key = same(value)
        if self._names.are_in(value, kind):  # not kept: it is written as each original is, in capitals or not
            made = self._names.replaced(value)
            return made if made and self._is_free(made, value, self._real) else None
        if key not in self._made:
            self._made[key] = self._draw(value, kind, self._names, self._real)
        return self._made[key]

    def _draw(self, value: str, kind: str, names: Names, real: Real) -> str | None:
        for attempt in range(ATTEMPTS):
            dice = Dice(
                self._keys.seed(kind, same(value), str(attempt)), self._keys.seed("record"), self._language
            )
            made = made_up(value, kind, dice, names)
            if made is None or self._is_free(made, value, real):
                return made
        return None

    def _is_free(self, made: str, value: str, real: Real) -> bool:
        """Whether it tells of no real value, and is no other value's surrogate. If so, it is taken from now on.

        One with a bracket could pass for a placeholder.
        """
        if may_need_escapes(made) or bare(made) in real.wholes or tells(made, value, real.words, real.numbers):
            return False
        key = same(value)
        return self._owner.setdefault(bare(made), key) == key
