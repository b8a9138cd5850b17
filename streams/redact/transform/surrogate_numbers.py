"""Made-up numbers: the same length, gaps and letters, with the checksum that their kind has."""

from __future__ import annotations

import re
import string
import unicodedata

from streams.redact.normalizing import normalized
from streams.redact.transform.dice import Dice

_DIGITS = string.digits
_NORTH_AMERICAN = re.compile(r"(?:\+?1\D{0,2})?\D?\d{3}\D{0,2}\d{3}\D{0,2}\d{4}\D*")
_DOCUMENTATION_V4 = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737
_MAX_COUNTRY_CODE = 3


def scrambled(value: str, dice: Dice) -> str:
    """Another digit for each digit (no zero in front where there was none), another letter for each letter.

    Compatibility forms (full width, in circles, fractions) are undone first. What is then neither ASCII nor
    a sign between words, as a mark over a letter, is left out: it would stay as it was.
    """
    made, first = [], True
    for char in normalized("NFKC", value):
        if char.isnumeric():
            made.append(dice.other(_DIGITS if char == "0" or not first else _DIGITS[1:], char))
            first = False
        elif char.isalpha():
            made.append(_letter(char, dice))
        elif char.isascii() or unicodedata.category(char)[0] in "PZ":
            made.append(char)
    return "".join(made)


def card(value: str, dice: Dice) -> str | None:
    """The first digit, which names the brand, stays; ISO/IEC 7812-1 check digit."""
    digits = [char for char in value if char.isdecimal()]
    if len(digits) < 2:  # noqa: PLR2004 - a check digit and something it checks
        return None
    made = [digits[0], *(dice.random.choice(_DIGITS) for _ in digits[1:-1])]
    return _filled(value, "".join([*made, _luhn(made)]))


def iban(value: str, dice: Dice) -> str | None:
    """The country stays; ISO 13616 check digits."""
    compact = "".join(char for char in value if char.isalnum())
    country, account = compact[:2].upper(), compact[4:].upper()
    if not (country.isascii() and country.isalpha() and account.isascii() and account):
        return None
    made = "".join(
        dice.random.choice(_DIGITS) if c.isdecimal() else dice.other(string.ascii_uppercase, c) for c in account
    )
    check = 98 - int("".join(str(int(char, 36)) for char in f"{made}{country}00")) % 97
    return _filled(value, f"{country}{check:02}{made}")


def phone(value: str, dice: Dice) -> str:
    """A country code stays; in North America an exchange of films (555-01xx), elsewhere other digits."""
    digits = [char for char in value if char.isdecimal()]
    start = min(_MAX_COUNTRY_CODE, len(digits) // 3) if value.lstrip().startswith("+") else 0
    made = [*digits[:start], *(dice.other(_DIGITS[1:], char) for char in digits[start:])]
    if _NORTH_AMERICAN.fullmatch(value):
        made[-7:] = ["5", "5", "5", "0", "1", dice.random.choice(_DIGITS), dice.random.choice(_DIGITS)]
    return _filled(value, "".join(made))


def ip_address(value: str, dice: Dice) -> str:
    """Of the ranges that are kept for documentation (RFC 5737, RFC 3849)."""
    if ":" in value:
        return "2001:db8::" + ":".join(f"{dice.random.randrange(1, 0x10000):x}" for _ in range(3))
    return f"{dice.random.choice(_DOCUMENTATION_V4)}.{dice.random.randrange(1, 255)}"


def mac_address(value: str, dice: Dice) -> str:
    """Other hexadecimal digits."""
    upper = value.isupper()
    return "".join(_hex(char, dice, upper=upper) if char.isalnum() else char for char in value)


def _hex(char: str, dice: Dice, *, upper: bool) -> str:
    made = dice.other("0123456789abcdef", char.lower())
    return made.upper() if upper else made


def _letter(char: str, dice: Dice) -> str:
    made = dice.other(string.ascii_lowercase, char.lower())
    return made.upper() if char.isupper() else made


def _filled(value: str, made: str) -> str:
    """`value` with its letters and digits replaced in order."""
    characters = iter(made)
    return "".join(next(characters, "") if char.isalnum() else char for char in value)


def _luhn(digits: list[str]) -> str:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (2 - index % 2), 10))
    return str(-total % 10)
