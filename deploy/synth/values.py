"""Values for the slots of gold templates, made up by Faker: of people from many countries.

Nothing marks them as made up: no `example.org`, no number set aside for examples. That nobody has such a value
can't be promised; it belongs to no record of anyone.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from faker import Faker

from schemas.errors import ConfigError
from streams.redact.transform.fakers import faker_of
from topology.gold_source import Form, Piece

_YEARS_BORN = (1940, 2006)
_YEARS_NAMED = (2021, 2027)


def _address(fake: Faker) -> str:
    return f"{fake.street_address()}, {fake.postcode()} {fake.city()}"


def _day(random: Random, years: tuple[int, int]) -> tuple[int, int, int]:
    return random.randrange(*years), random.randrange(1, 13), random.randrange(1, 29)


def _birth_date(random: Random) -> str:
    year, month, day = _day(random, _YEARS_BORN)
    return f"{year}-{month:02d}-{day:02d}"


def _date(random: Random) -> str:
    year, month, day = _day(random, _YEARS_NAMED)
    return f"{day} {calendar.month_name[month]} {year}"


BY_FAKER: Mapping[str, Callable[[Faker], str]] = {
    "person": lambda fake: f"{fake.first_name()} {fake.last_name()}",
    "email": lambda fake: str(fake.free_email()),
    "phone": lambda fake: str(fake.phone_number()),
    "iban": lambda fake: str(fake.iban()),
    "card": lambda fake: str(fake.credit_card_number()),
    "address": _address,
    "ip": lambda fake: str(fake.ipv4_public()),
}
BY_CHANCE: Mapping[str, Callable[[Random], str]] = {"birth_date": _birth_date, "date": _date}


@dataclass(slots=True)
class Cast:
    """The values of one record: a slot of one number is the same wherever it stands."""

    fake: Faker
    random: Random
    words: Mapping[str, tuple[str, ...]]
    _known: dict[tuple[str, int], str] = field(default_factory=dict)

    def text(self, piece: Piece) -> str:
        """What stands for a piece."""
        if not piece.slot:
            return piece.text
        key = piece.slot, piece.number
        if key not in self._known:
            self._known[key] = self._made(piece.slot)
        return _in_form(self._known[key], piece.form)

    def _made(self, slot: str) -> str:
        if slot in BY_FAKER:
            return " ".join(BY_FAKER[slot](self.fake).split())  # some countries write addresses in lines
        if slot in BY_CHANCE:
            return BY_CHANCE[slot](self.random)
        return self.random.choice(self.words[slot])


def fakers(locales: tuple[str, ...]) -> dict[str, Faker]:
    """One for each locale. Raises ConfigError for one that Faker has not."""
    made = {}
    for locale in locales:
        try:
            made[locale] = faker_of(locale)
        except AttributeError:
            raise ConfigError(f"locales: Faker has no {locale}; write it as de_DE, or choose another") from None
    return made


def _in_form(value: str, form: Form) -> str:
    match form:
        case Form.LOWER:
            return value.lower()
        case Form.UPPER:
            return value.upper()
        case Form.FIRST:
            return value.split(maxsplit=1)[0]
        case Form.LAST:
            return value.rsplit(maxsplit=1)[-1]
    return value
