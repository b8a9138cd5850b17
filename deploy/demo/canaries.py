"""Canaries: invented values that stand nowhere else, so that finding one anywhere is a leak.

Their words are made of syllables and eight letters or longer: so long a sequence does not turn up by chance, not
even in a hundred megabytes of ciphertext (2^-56 a position when case is ignored).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from schemas.hidden import Hidden

_SYLLABLES = "zor vik quel tan mur dox fen lav pri gos hul bem nax rov syl tir wep yom kad jub".split()  # noqa: SIM905 - reads better
MIN_WORD = 8


@dataclass(frozen=True, slots=True, repr=False)
class Canary(Hidden):
    """A planted value. `words` are those of its words that no ordinary text holds."""

    kind: str
    value: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Person(Hidden):
    """The canaries of one invented customer."""

    name: Canary
    email: Canary
    phone: Canary
    iban: Canary
    address: Canary

    @property
    def all(self) -> tuple[Canary, ...]:
        return self.name, self.email, self.phone, self.iban, self.address


class Aviary:
    """Makes canaries, no two alike, and remembers them all. The same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - test data
        self._used: set[str] = set()
        self.planted: list[Canary] = []

    def person(self) -> Person:
        """A customer of whom every value is a canary."""
        return Person(self.name(), self.email(), self.phone(), self.iban(), self.address())

    def name(self) -> Canary:
        first, last = self._word().capitalize(), self._word().capitalize()
        return self._keep("name", f"{first} {last}", first, last)

    def email(self) -> Canary:
        local, host = self._word(), self._word()
        return self._keep("email", f"{local}@{host}.example", local, host)

    def phone(self) -> Canary:
        """Of a range that the British regulator keeps for fiction."""
        return self._keep("phone", self._fresh(lambda: f"+44 7700 900{self._random.randrange(1000):03d}"))

    def iban(self) -> Canary:
        """With a valid check number (ISO 13616)."""
        return self._keep("iban", self._fresh(lambda: _grouped(_iban(self._digits(14)))))

    def card(self) -> Canary:
        """With a valid check digit (ISO/IEC 7812)."""
        return self._keep("card", self._fresh(lambda: _grouped(_luhn("4" + self._digits(14)))))

    def address(self) -> Canary:
        street, town = self._word().capitalize(), self._word().capitalize()
        return self._keep("address", f"{self._random.randrange(1, 200)} {street} Lane, {town}", street, town)

    def _keep(self, kind: str, value: str, *words: str) -> Canary:
        canary = Canary(kind, value, words)
        self.planted.append(canary)
        return canary

    def _word(self) -> str:
        return self._fresh(lambda: "".join(self._random.choices(_SYLLABLES, k=3)))

    def _fresh(self, make: Callable[[], str]) -> str:
        while (text := make()) in self._used:
            pass
        self._used.add(text)
        return text

    def _digits(self, count: int) -> str:
        return "".join(str(self._random.randrange(10)) for _ in range(count))


def _grouped(text: str) -> str:
    return " ".join(_fours(text))


def _fours(text: str) -> Iterator[str]:
    for start in range(0, len(text), 4):
        yield text[start : start + 4]


def _iban(digits: str) -> str:
    bank = "WEST"
    number = "".join(str(int(char, 36)) for char in f"{bank}{digits}GB00")
    return f"GB{98 - int(number) % 97:02d}{bank}{digits}"


def _luhn(digits: str) -> str:
    """`digits` and the check digit that makes them valid."""
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits))]
    total = sum(value - 9 if value > 9 else value for value in doubled)  # noqa: PLR2004 - the rule's own number
    return f"{digits}{-total % 10}"
