"""What makes a match of one of Presidio's patterns valid, type by type.

Written from the public descriptions of each number, so that no detector needs Presidio's import (2 s and spaCy) to
start. A test holds each against Presidio's own check: what that calls valid is never refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from streams.redact.detect.checksums import (
    base58_check,
    bech32,
    digits_of,
    letters_and_digits,
    luhn,
    mod97,
    verhoeff,
    weighted,
)

Check = Callable[[str], bool | None]
"""True: certainly one. False: its checksum is wrong. None: can't tell."""

NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_FI_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CODICE_ODD_VALUES = (
    (1, 0, 5, 7, 9, 13, 15, 17, 19, 21),  # of digits
    (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),  # of letters
)
_UEN_WEIGHTS = {9: (10, 4, 9, 3, 8, 2, 7, 1), 10: (10, 8, 6, 4, 9, 7, 5, 3, 1)}
_UEN_LETTERS = {9: "XMKECAWLJDB", 10: "ZKCMDNERGWH"}
_UEN_C = "ABCDEFGHJKLMNPQRSTUVWX0123456789"
_NEVER_ISSUED_SSN = ("000", "666", "123456789", "98765432", "078051120")
_SAMPLE_SSN_BODY = 2  # distinct digits; one repeated nine times is a placeholder


def _digits(test: Callable[[list[int]], bool | None]) -> Check:
    return lambda text: test(digits_of(text))


def _card(digits: list[int]) -> bool:
    """Thirteen digits from 1 on are a point in time, in milliseconds, before they are a card."""
    return luhn(digits) and not (len(digits) == 13 and digits[0] == 1)  # noqa: PLR2004


def _abn(digits: list[int]) -> bool:
    lessened = [digits[0] - 1 if digits[0] else 9, *digits[1:]]
    return weighted(lessened, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) % 89 == 0


def _dea(digits: list[int]) -> bool:
    """Two letters (or one and a 9), six digits and their check digit."""
    body = digits[-7:]
    return (sum(body[0:5:2]) + 2 * sum(body[1:6:2])) % 10 == body[-1]


def _npi(digits: list[int]) -> bool:
    return len(set(digits[:-1])) > 1 and luhn([8, 0, 8, 4, 0, *digits])


def _nhs(digits: list[int]) -> bool:
    return weighted(digits, range(10, 0, -1)) % 11 == 0


def _thai(digits: list[int]) -> bool:
    rest = weighted(digits[:12], range(13, 1, -1)) % 11
    return (1 - rest if rest <= 1 else 11 - rest) == digits[-1]


def _korean_business(digits: list[int]) -> bool:
    total = weighted(digits[:9], (1, 3, 7, 1, 3, 7, 1, 3, 5)) + digits[8] * 5 // 10
    return -total % 10 == digits[-1]


def _korean_resident(shift: int) -> Callable[[list[int]], bool | None]:
    """Numbers given since October 2020 carry no check digit, so a wrong one proves nothing."""

    def check(digits: list[int]) -> bool | None:
        rest = (11 - weighted(digits[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11 + shift) % 10
        return True if rest == digits[-1] else None

    return check


def _ssn(text: str) -> bool | None:
    digits = "".join(filter(str.isdigit, text))
    impossible = (
        len({char for char in text if char in ".- "}) > 1
        or len(set(digits)) < _SAMPLE_SSN_BODY
        or digits[3:5] == "00"
        or digits[5:] == "0000"
        or digits.startswith(_NEVER_ISSUED_SSN)
    )
    return False if impossible else None


def _spanish(text: str) -> bool:
    compact = letters_and_digits(text)
    number = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and compact[-1] == NIF_LETTERS[int(number) % 23]


def _finnish(text: str) -> bool:
    day, month = int(text[:2]), int(text[2:4])
    real = 1 <= day <= 31 and 1 <= month <= 12  # noqa: PLR2004 - a calendar
    return real and text[-1].upper() == _FI_LETTERS[int(text[:6] + text[7:10]) % 31]


def _codice_fiscale(text: str) -> bool | None:
    """Italy's code of doubles ("omocodia") may carry another letter, so a wrong one proves nothing."""
    body = text[:-1].upper()
    odd = sum(_CODICE_ODD_VALUES[char.isalpha()][int(char, 36) - 10 * char.isalpha()] for char in body[0::2])
    even = sum(int(char) if char.isdigit() else ord(char) - 65 for char in body[1::2])
    return True if chr((odd + even) % 26 + 65) == text[-1].upper() else None


def _uen(text: str) -> bool:
    code = text.upper()
    if code[0].isalpha():
        values = [_UEN_C.find(char) for char in code[:-1]]
        return _UEN_C[(weighted(values, (4, 3, 5, 3, 10, 2, 2, 5, 7)) - 5) % 11] == code[-1]
    total = weighted(digits_of(code), _UEN_WEIGHTS[len(code)])
    return _UEN_LETTERS[len(code)][total % 11] == code[-1]


def _gstin(text: str) -> bool:
    """State 01 to 37 and a permanent account number inside; the shape says the rest."""
    letters = sum(map(str.isalpha, text[2:7]))
    return 1 <= int(text[:2]) <= 37 and letters >= 3 and text[7:11].isdigit() and text[11].isalpha()  # noqa: PLR2004


def _aadhaar(digits: list[int]) -> bool:
    return digits[0] > 1 and digits != digits[::-1] and verhoeff(digits)


def _crypto(text: str) -> bool:
    return bech32(text) if text[:3].lower() == "bc1" else base58_check(text)


def _plate_of_britain(text: str) -> bool | None:
    """Since 2001 the two digits say the half-year: 02 to 29 or 51 to 79."""
    compact = letters_and_digits(text)
    if len(compact) != 7 or not (compact[:2].isalpha() and compact[2:4].isdigit()):  # noqa: PLR2004
        return None
    half = int(compact[2:4])
    return 2 <= half <= 29 or 51 <= half <= 79  # noqa: PLR2004


def _korean_licence(text: str) -> bool:
    """The first two digits name the issuing region."""
    return 11 <= int(digits_of(text)[0] * 10 + digits_of(text)[1]) <= 28  # noqa: PLR2004


def _american_licence(digits: list[int]) -> bool | None:
    """Presidio's pattern takes "A4" and "M25" too; no state gives out fewer than four digits."""
    return None if len(digits) >= 4 else False  # noqa: PLR2004


def _not_all_zeros(test: Callable[[list[int]], bool]) -> Check:
    return lambda text: any(digits := digits_of(text)) and test(digits)


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "ABA_ROUTING_NUMBER": _digits(lambda digits: weighted(digits, (3, 7, 1) * 3) % 10 == 0),
        "AU_ABN": _digits(_abn),
        "AU_ACN": _digits(lambda digits: -weighted(digits, range(8, 0, -1)) % 10 == digits[8]),
        "AU_MEDICARE": _digits(lambda digits: weighted(digits[:8], (1, 3, 7, 9) * 2) % 10 == digits[8]),
        "AU_TFN": _digits(lambda digits: weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0),
        "CREDIT_CARD": _digits(_card),
        "CRYPTO": _crypto,
        "ES_NIE": _spanish,
        "ES_NIF": _spanish,
        "FI_PERSONAL_IDENTITY_CODE": _finnish,
        "IBAN_CODE": mod97,
        "IN_AADHAAR": _digits(_aadhaar),
        "IN_GSTIN": _gstin,
        "IT_FISCAL_CODE": _codice_fiscale,
        "IT_VAT_CODE": _not_all_zeros(luhn),
        "KR_BRN": _digits(_korean_business),
        "KR_DRIVER_LICENSE": _korean_licence,
        "KR_FRN": _digits(_korean_resident(2)),
        "KR_RRN": _digits(_korean_resident(0)),
        "MEDICAL_LICENSE": _digits(_dea),
        "NG_NIN": _digits(verhoeff),
        "PL_PESEL": _digits(lambda digits: weighted(digits[:10], (1, 3, 7, 9) * 3) % 10 == digits[10]),
        "SG_UEN": _uen,
        "TH_TNIN": _digits(_thai),
        "UK_NHS": _digits(_nhs),
        "UK_VEHICLE_REGISTRATION": _plate_of_britain,
        "US_DRIVER_LICENSE": _digits(_american_licence),
        "US_NPI": _digits(_npi),
        "US_SSN": _ssn,
    }
)  # fmt: skip
