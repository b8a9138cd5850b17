"""Check digits: each function says whether a string carries a valid one. Pure arithmetic, public standards.

They see what a pattern matched, in ASCII, and ignore separators. None raises, whatever the string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_CONSTANTS = frozenset({1, 0x2BC830A3})  # BIP 173, BIP 350
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice a digit, its own digits summed
_NO_DIGITS = bytes(code for code in range(128) if not 48 <= code <= 57)  # noqa: PLR2004 - "0" to "9" in ASCII
_VALUES = bytes(code - 48 if 48 <= code <= 57 else 0 for code in range(256))  # noqa: PLR2004 - as above
_PERMUTE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)  # Verhoeff's permutation, applied once per place


def digits_of(text: str) -> list[int]:
    """The digits of `text`, in order."""
    return list(text.encode("ascii", "ignore").translate(_VALUES, _NO_DIGITS))


def letters_and_digits(text: str) -> str:
    """`text` in capitals without separators."""
    return "".join(filter(str.isalnum, text)).upper()


def luhn(digits: Sequence[int]) -> bool:
    """ISO/IEC 7812-1, annex B. A number of nothing but zeros has no owner."""
    total = sum(digits[-1::-2]) + sum(map(_DOUBLED.__getitem__, digits[-2::-2]))
    return total % 10 == 0 and any(digits)


def weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """The sum of products; digits without a weight do not count."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def mod97(text: str) -> bool:
    """ISO 7064 MOD 97-10 over letters and digits, the country and check digits moved behind (ISO 13616)."""
    compact = letters_and_digits(text)
    moved = compact[4:] + compact[:4]
    return len(compact) > 4 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1  # noqa: PLR2004


def mod11_10(digits: Sequence[int]) -> bool:
    """ISO 7064 MOD 11,10: Croatia's OIB, Germany's tax number."""
    product = 10
    for digit in digits[:-1]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return bool(digits) and (11 - product) % 10 == digits[-1]


def mrz(text: str) -> int:
    """The check digit of ICAO Doc 9303: weights 7, 3, 1 over values 0 to 35."""
    return weighted([int(char, 36) for char in text if char.isalnum()], (7, 3, 1) * 15) % 10


def verhoeff(digits: Sequence[int]) -> bool:
    """The checksum of the dihedral group D5 (Verhoeff 1969)."""
    state, permuted = 0, tuple(range(10))
    for digit in reversed(digits):
        state = _dihedral(state, permuted[digit])
        permuted = tuple(permuted[_PERMUTE[value]] for value in range(10))
    return bool(digits) and state == 0


def base58_check(text: str) -> bool:
    """Bitcoin's Base58Check: the last four bytes are a double SHA-256 of the rest."""
    number = 0
    for char in text:
        place = _BASE58.find(char)
        if place < 0:
            return False
        number = number * 58 + place
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def bech32(text: str) -> bool:
    """BIP 173 and BIP 350 (segregated witness and Taproot addresses)."""
    prefix, _, data = text.lower().rpartition("1")
    if not prefix or len(data) < 7 or len(text) > 90:  # noqa: PLR2004 - both from BIP 173
        return False
    values = [_BECH32.find(char) for char in data]
    expanded = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    return -1 not in values and _polymod(expanded + values) in _BECH32_CONSTANTS


def _polymod(values: Sequence[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            state ^= factor if top >> place & 1 else 0
    return state


def _dihedral(left: int, right: int) -> int:
    """The product in D5: rotations 0 to 4, reflections 5 to 9."""
    turn, mirrored = left % 5, left >= 5  # noqa: PLR2004 - the order of the group's rotations
    place = (turn - right) % 5 if mirrored else (turn + right) % 5
    return place + 5 if mirrored != (right >= 5) else place  # noqa: PLR2004
