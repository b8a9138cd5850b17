"""Made-up values of every kind that is no name: same type, same length where it has one, same punctuation."""

from __future__ import annotations

import re
from collections.abc import Callable

from streams.redact.transform.dice import Dice
from streams.redact.transform.places import country_of
from streams.redact.transform.surrogate_dates import moved_age, moved_date
from streams.redact.transform.surrogate_names import Names
from streams.redact.transform.surrogate_numbers import card, iban, ip_address, mac_address, phone, scrambled

# RFC 2606: nobody can own them, so that a made-up address reaches nobody.
_DOMAINS = ("example.com", "example.net", "example.org")
_HOST = re.compile(r"^((?:[a-z]+://)?)((?:www\.)?)([^/:?#]+)(.*)$", re.IGNORECASE | re.DOTALL)
_POSTCODE = re.compile(r"\d{5}")

Maker = Callable[[str, Dice, Names], str | None]


def made_up(value: str, kind: str, dice: Dice, names: Names) -> str | None:
    """Something else of type `kind`. None where nothing realistic can be made of it."""
    maker = _MAKERS.get(kind)
    if maker is not None:
        return maker(value, dice, names)
    return scrambled(value, dice) if any(char.isdigit() for char in value) else None


def _email(value: str, dice: Dice, names: Names) -> str | None:
    local, at, _ = value.rpartition("@")
    made = names.replaced(local) if at else None
    return f"{made}@{dice.random.choice(_DOMAINS)}" if made else None


def _url(value: str, dice: Dice, _names: Names) -> str | None:
    match = _HOST.match(value)
    if match is None:
        return None
    scheme, www, _, rest = match.groups()
    return f"{scheme}{www}{dice.fake('en').domain_word()}.example{scrambled(rest, dice)}"


def _company(value: str, dice: Dice, _names: Names) -> str:
    return _written_like(value, str(dice.fake().company()))


def _job(value: str, dice: Dice, _names: Names) -> str:
    return _written_like(value, str(dice.fake().job()))


def _place(value: str, dice: Dice, _names: Names) -> str:
    fake = dice.fake()
    made = fake.country() if country_of(value) == value else fake.city()
    return _written_like(value, str(made))


def _address(value: str, dice: Dice, _names: Names) -> str:
    if not any(char.isalpha() for char in value):
        return scrambled(value, dice)
    fake = dice.fake()
    lines = [str(fake.street_address()).replace("\n", " ")]
    if "," in value or "\n" in value:
        lines.append(f"{fake.city()} {fake.postcode()}" if _POSTCODE.search(value) else str(fake.city()))
    return _written_like(value, ("\n" if "\n" in value else ", ").join(lines))


def _written_like(value: str, made: str) -> str:
    return made.lower() if value.islower() else made.upper() if value.isupper() else made


_MAKERS: dict[str, Maker] = {
    "ADDRESS": _address,
    "AGE": lambda value, dice, _: moved_age(value, dice),
    "CREDIT_CARD": lambda value, dice, _: card(value, dice),
    "DATE_OF_BIRTH": lambda value, dice, _: moved_date(value, dice),
    "DATE_TIME": lambda value, dice, _: moved_date(value, dice),
    "DOMAIN_NAME": _url,
    "EMAIL_ADDRESS": _email,
    "IBAN_CODE": lambda value, dice, _: iban(value, dice),
    "IP_ADDRESS": lambda value, dice, _: ip_address(value, dice),
    "LOCATION": _place,
    "MAC_ADDRESS": lambda value, dice, _: mac_address(value, dice),
    "ORGANIZATION": _company,
    "PHONE_NUMBER": lambda value, dice, _: phone(value, dice),
    "TITLE": _job,
    "URL": _url,
    "YEAR": lambda value, dice, _: moved_date(value, dice),
}
