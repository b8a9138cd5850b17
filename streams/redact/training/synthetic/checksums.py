"""Check digits of identifiers: enough to make numbers that validators take for real ones."""

from __future__ import annotations

from collections.abc import Sequence


def luhn(body: str) -> str:
    """Check digit of cards, IMEIs and Canadian and Israeli numbers (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of the digits of 10 to 18
    return str(-total % 10)


def weighted(body: str, weights: Sequence[int], modulus: int) -> int:
    """Sum of digits times weights, modulo `modulus`."""
    return sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % modulus


def iban_check(country: str, account: str) -> str:
    """The two digits after the country code (ISO 13616, modulo 97)."""
    text = account + country + "00"
    number = int("".join(str(int(letter, 36)) for letter in text))
    return f"{98 - number % 97:02}"


def verhoeff(body: str) -> str:
    """Check digit of Indian Aadhaar numbers: the dihedral group of order 10."""
    check = 0
    for place, digit in enumerate(reversed(body), start=1):
        check = _product(check, _permuted(int(digit), place))
    return str(_INVERSE[check])


_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)
_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permuted(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = _STEP[digit]
    return digit


def _product(left: int, right: int) -> int:
    """In the group, 0 to 4 are turns and 5 to 9 are reflections."""
    turn, flip = left % 5, left // 5
    other, other_flip = right % 5, right // 5
    rotated = (turn - other if flip else turn + other) % 5
    return rotated + 5 * (flip ^ other_flip)
