"""Whether a number carries the check digit of somebody's document."""

from __future__ import annotations

_AREAS_NEVER_GIVEN = frozenset({"000", "666"})
NHS_WEIGHTS = range(10, 1, -1)


def digits_of(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isdigit())


def luhn(text: str) -> bool:
    """ISO/IEC 7812-1, annex B: cards, and IMEIs."""
    digits = [int(char) for char in reversed(digits_of(text))]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0 and any(digits)


def mod97(text: str) -> bool:
    """ISO 13616; every length is tried, since the next word may follow without a break."""
    compact = text.replace(" ", "")
    return any(_mod97(compact[:length]) for length in range(15, len(compact) + 1))


def _mod97(code: str) -> bool:
    return code.isascii() and int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def ssn(text: str) -> bool:
    """Social security numbers as the SSA gives them out: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    digits = digits_of(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in _AREAS_NEVER_GIVEN and area < "900" and group != "00" and serial != "0000"


def nhs(text: str) -> bool:
    """Modulus 11 over ten digits, as the NHS Data Dictionary has it."""
    digits = [int(char) for char in digits_of(text)]
    check = 11 - sum(digit * weight for digit, weight in zip(digits, NHS_WEIGHTS, strict=False)) % 11
    return len(set(digits)) > 1 and check % 11 == digits[-1]
