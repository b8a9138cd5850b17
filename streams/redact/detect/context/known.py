"""What to look for: a record's values taken apart into words, numbers, dates, initials and other spellings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from schemas.hidden import Hidden
from streams.redact.detect.context.dates import Dates
from streams.redact.detect.context.digits import Digits
from streams.redact.detect.context.names import Initials, run_together
from streams.redact.detect.context.nicknames import nicknames
from streams.redact.detect.context.spellings import left_out, spelled_out
from streams.redact.detect.context.squeezed import MIN_INSIDE
from streams.redact.detect.context.typos import Typos
from streams.redact.detect.context.words import only_digits, words_of
from streams.redact.detect.shadow import fold
from streams.redact.normalizing import normalized

MIN_PART = 3  # characters of a word; two letters are in every text
MIN_CUT = 4  # letters of a name cut out of "annaschmidt"
MAX_LOCAL = 40  # characters of a local part that is cut; a longer one is a key
MAX_NAME = 4  # words of a name; a longer value is an address or a sentence
MAX_WORDS = 12  # a longer value is prose, whose words say nothing of anyone by themselves
MIN_DATE, MAX_DATE = 4, 8  # digits of a date without a time
MAX_TIME = 40  # characters of a date with one
MIN_NUMBER = 4  # digits
_LETTERS = re.compile(r"[a-z]+")
# Second-level labels and providers that say nothing of the one who writes from there.
_LABELS = (
    "co com org net ac gov edu gmail googlemail google yahoo hotmail outlook live msn icloud me mac aol gmx"
    " web mail email proton protonmail yandex qq free orange wanadoo laposte libero tiscali fastmail zoho"
    " ymail comcast"
)
_SHARED = frozenset(_LABELS.split())


class Known(Hidden):
    """The parts of known values, each with what its value is called.

    `sure` words are the values' own, `likely` ones what is made of them. `wholes` are values of several words,
    squeezed; `inside` are words long enough to be looked for inside others.
    """

    __slots__ = (
        "_everyday",
        "_long",
        "_nicknames",
        "dates",
        "digits",
        "initials",
        "inside",
        "likely",
        "sure",
        "typos",
        "wholes",
    )

    def __init__(self, values: Iterable[tuple[str, str]], is_everyday: Callable[[str], bool]) -> None:
        self._everyday = is_everyday
        self._nicknames = nicknames()
        self.sure: dict[str, str] = {}
        self.likely: dict[str, str] = {}
        self.wholes: dict[str, str] = {}
        self.inside: dict[str, str] = {}
        self.dates = Dates()
        self.digits, self.initials = Digits(self.dates), Initials()
        self._long: dict[str, str] = {}
        addresses = []
        for value, kind in values:
            if "@" in value and " " not in value:
                addresses.append((value, kind))  # last: a name in a field of its own knows better what it is
            else:
                self._add(value, kind)
        for value, kind in addresses:
            self._add_address(fold(value).lower(), kind)
        self.typos = Typos(self._long)

    def _add(self, value: str, kind: str) -> None:
        folded = value if value.isascii() else fold(value)
        words = words_of(folded)
        squeezed = "".join(words)
        if len(squeezed) < MIN_PART:
            return
        if not squeezed.isalpha():
            self._add_numbers(folded, words, squeezed, kind)
        if len(words) > 1:
            self.wholes.setdefault(squeezed, kind)
        elif len(squeezed) >= MIN_INSIDE and not self._everyday(squeezed):
            self.inside.setdefault(squeezed, kind)
        if len(words) <= MAX_WORDS:
            self._add_words(words, kind)
            self._add_spellings(value, squeezed, words, kind)
            if 1 < len(words) <= MAX_NAME and squeezed.isalpha():
                self._add_name(words, kind)

    def _add_words(self, words: Iterable[str], kind: str) -> None:
        for word in words:
            if len(word) < MIN_PART or word.isdigit():
                continue
            self.sure.setdefault(word, kind)
            if self._everyday(word):
                continue
            if len(word) >= MIN_INSIDE:
                self.inside.setdefault(word, kind)
                self._long[word] = kind
            else:
                self.likely.setdefault(word + "s", kind)  # the plural of a longer one has it inside
            for other in self._nicknames.get(word, ()):
                self.likely.setdefault(other, kind)

    def _add_name(self, words: Sequence[str], kind: str) -> None:
        self.initials.add(words, kind)
        for joined in run_together(words):
            if len(joined) >= MIN_INSIDE:
                self.inside.setdefault(joined, kind)
            else:
                self.likely.setdefault(joined, kind)

    def _add_spellings(self, value: str, squeezed: str, words: Sequence[str], kind: str) -> None:
        if not value.isascii():
            spelled = words_of(fold(spelled_out(normalized("NFC", value).lower())))
            self._add_words(spelled, kind)
            if len(spelled) > 1:
                self.wholes.setdefault("".join(spelled), kind)
        short = left_out(squeezed)
        if short is not squeezed:
            if len(words) > 1:
                self.wholes.setdefault(short, kind)
            self.likely.update((word, kind) for word in map(left_out, words) if len(word) > MIN_PART)

    def _add_numbers(self, folded: str, words: Sequence[str], squeezed: str, kind: str) -> None:
        digits = squeezed if squeezed.isdigit() else only_digits(squeezed)
        if MIN_DATE <= len(digits) <= MAX_DATE or (":" in folded and len(folded) <= MAX_TIME):
            self.dates.add(folded, kind)
        if len(digits) * 2 >= len(squeezed):
            self.digits.add(digits, kind)
        if 1 < len(words) <= MAX_WORDS:
            for word in words:
                if len(word) >= MIN_NUMBER and word.isdigit():
                    self.digits.add(word, kind)

    def _add_address(self, value: str, kind: str) -> None:
        """An e-mail address: what is before the @, often a name, and a domain that is no provider's."""
        local, _, domain = value.rpartition("@")
        words = words_of(local)
        whole = "".join(words)
        if not words:  # a handle
            self._add(value, kind)
            return
        self.wholes.setdefault("".join(words_of(value)), kind)
        if len(words) > 1 and len(whole) >= MIN_INSIDE:
            self.inside.setdefault(whole, kind)
        self._add_words(words, kind)
        if not whole.isalpha():
            self.digits.add(only_digits(whole), kind)
            words = _LETTERS.findall(local)
            self._add_words(words, kind)
        self._add_words([label for label in words_of(domain)[:-1] if label not in _SHARED], kind)
        if len(words) == 1 and MIN_INSIDE < len(words[0]) <= MAX_LOCAL:
            self._add_cuts(words[0], kind)

    def _add_cuts(self, local: str, kind: str) -> None:
        """Names of which "annaschmidt" or "jsmith" may be made: its beginnings and its ends."""
        for cut in range(MIN_CUT, len(local)):
            self.likely.setdefault(local[:cut], kind)
            self.likely.setdefault(local[-cut:], kind)
