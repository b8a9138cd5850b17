"""Check digits of the numbers in `data/national_ids.txt`, from their public descriptions.

A wrong check digit drops the find: deny by default hides these digits anyway, under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from streams.redact.detect.checksums import digits_of, letters_and_digits, luhn, mod11_10, mrz, weighted
from streams.redact.detect.presidio_checks import Check

_TEN = 10  # a rest that is no digit


def _digits(test: Callable[[list[int]], bool]) -> Check:
    return lambda text: test(digits_of(text))


def _sum_is(weights: Sequence[int], modulus: int, table: Callable[[int], int] = lambda rest: rest) -> Check:
    """The last digit is `table` of the weighted sum of the others."""
    return _digits(lambda digits: table(weighted(digits[:-1], weights) % modulus) == digits[-1])


def _minus(modulus: int, above_nine: int = 0) -> Callable[[int], int]:
    """From a remainder to the digit that completes the modulus; a result above 9 is written as `above_nine`."""

    def complete(rest: int) -> int:
        value = (modulus - rest) % modulus
        return value if value <= 9 else above_nine  # noqa: PLR2004 - a digit

    return complete


def _two_digits(first: Sequence[int], second: Sequence[int]) -> Check:
    """Two check digits modulo 11, each over all digits before it (Brazil)."""

    def check(digits: list[int]) -> bool:
        body = digits[:-2]
        one = -weighted(body, first) % 11 % 10 if weighted(body, first) % 11 > 1 else 0
        rest = weighted([*body, one], second) % 11
        two = 11 - rest if rest > 1 else 0
        return len(set(digits)) > 1 and [one, two] == digits[-2:]

    return _digits(check)


def _chinese(text: str) -> bool:
    """GB 11643: ISO 7064 MOD 11-2 over 17 digits."""
    weights = [2**place % 11 for place in range(17, 0, -1)]
    return "10X98765432"[weighted(digits_of(text[:17]), weights) % 11] == text[-1].upper()


def _french(text: str) -> bool:
    """NIR: 97 minus the rest; Corsica's 2A and 2B stand for 19 and 18."""
    code = letters_and_digits(text).replace("2A", "19").replace("2B", "18")
    return code.isdigit() and 97 - int(code[:13]) % 97 == int(code[13:])


def _belgian(digits: list[int]) -> bool:
    number = int("".join(map(str, digits[:9])))
    rest = digits[9] * 10 + digits[10]
    return rest in (97 - number % 97, 97 - (2_000_000_000 + number) % 97)


def _danish(text: str) -> bool | None:
    """Numbers given since 2007 need not fit modulo 11."""
    return True if weighted(digits_of(text), (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0 else None


def _norwegian(digits: list[int]) -> bool:
    return (
        weighted(digits[:10], (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def _baltic(digits: list[int]) -> bool:
    """Estonia and Lithuania: a second row of weights where the first gives ten."""
    rest = weighted(digits[:10], (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    rest = rest if rest < _TEN else weighted(digits[:10], (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return rest == digits[10]


def _czech(text: str) -> bool | None:
    """Ten digits are divisible by 11; the nine of those born before 1954 prove nothing."""
    digits = digits_of(text)
    number = int("".join(map(str, digits)))
    return number % 11 == 0 or number // 10 % 11 == 10 if len(digits) == 10 else None  # noqa: PLR2004


def _swedish(text: str) -> bool:
    return luhn(digits_of(text)[-10:])


def _turkish(digits: list[int]) -> bool:
    tenth = (sum(digits[0:9:2]) * 7 - sum(digits[1:8:2])) % 10
    return digits[9] == tenth and sum(digits[:10]) % 10 == digits[10]


def _german_tax(digits: list[int]) -> bool:
    """Ten digits of which one or two repeat, and ISO 7064 MOD 11,10."""
    return len(set(digits[:10])) in (8, 9) and mod11_10(digits)


def _german_pension(text: str) -> bool:
    """VKVV § 4: the letter as two digits, products' digits summed."""
    code = text.upper()
    spread = [*digits_of(code[:8]), *divmod(ord(code[8]) - 64, 10), *digits_of(code[9:])]
    products = [
        value * weight for value, weight in zip(spread[:-1], (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    ]
    return sum(value // 10 + value % 10 for value in products) % 10 == spread[-1]


def _german_health(text: str) -> bool:
    """§ 290 SGB V: the letter as two digits, weights 1 and 2."""
    spread = [*divmod(ord(text[0].upper()) - 64, 10), *digits_of(text)]
    products = [value * weight for value, weight in zip(spread[:-1], (1, 2) * 5, strict=True)]
    return sum(value // 10 + value % 10 for value in products) % 10 == spread[-1]


def _document(text: str) -> bool:
    """ICAO Doc 9303: the last digit checks the eight characters before it."""
    return mrz(text[:-1]) == int(text[-1])


def _austrian(digits: list[int]) -> bool:
    rest = weighted([*digits[:3], *digits[4:]], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return rest == digits[3]


def _swiss(digits: list[int]) -> bool:
    """EAN-13 with the country code 756."""
    return weighted(digits, (1, 3) * 7) % 10 == 0


def _mexican(text: str) -> bool:
    order = "0123456789ABCDEFGHIJKLMN~OPQRSTUVWXYZ"  # CURP counts Ñ, which is ~ here
    total = sum(order.index(char) * (18 - place) for place, char in enumerate(text[:17].upper()))
    return -total % 10 == int(text[17])


def _chilean(text: str) -> bool | None:
    code = letters_and_digits(text)
    rest = -weighted(digits_of(code[:-1])[::-1], (2, 3, 4, 5, 6, 7) * 2) % 11
    return True if "0123456789K"[rest] == code[-1] else None


def _hong_kong(text: str) -> bool:
    code = letters_and_digits(text)
    head = [36] * (9 - len(code)) + [int(char, 36) for char in code[:-1]]
    rest = -weighted(head, range(9, 1, -1)) % 11
    return "0123456789A"[rest] == code[-1]


def _taiwanese(text: str) -> bool:
    value = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0].upper())
    return weighted([*divmod(value, 10), *digits_of(text)], (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def _irish(text: str) -> bool:
    code = letters_and_digits(text)
    extra = ord(code[8]) - 64 if len(code) > 8 and code[8] != "W" else 0  # noqa: PLR2004
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(digits_of(code[:7]), range(8, 1, -1)) + 9 * extra) % 23] == code[7]


def _snils(digits: list[int]) -> bool:
    return weighted(digits[:9], range(9, 0, -1)) % 101 % 100 == digits[9] * 10 + digits[10]


def _inn(digits: list[int]) -> bool:
    if len(digits) == 10:  # noqa: PLR2004 - of a company
        return weighted(digits[:9], (2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10 == digits[9]
    first = weighted(digits[:10], (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    second = weighted(digits[:11], (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return [first, second] == digits[10:]


def _finnish_company(digits: list[int]) -> bool:
    return -weighted(digits[:7], (7, 9, 10, 5, 8, 4, 2)) % 11 == digits[7]


def _new_zealand(digits: list[int]) -> bool:
    body, padded = digits[:-1], [0] * (9 - len(digits))
    rest = -weighted([*padded, *body], (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    rest = rest if rest < _TEN else -weighted([*padded, *body], (7, 4, 3, 2, 5, 2, 7, 6)) % 11
    return rest == digits[-1]


def _dutch(digits: list[int]) -> bool:
    return any(digits) and (weighted(digits[:8], range(9, 1, -1)) - digits[8]) % 11 == 0


def _greek_tax(digits: list[int]) -> bool:
    return weighted(digits[:8], [2**place for place in range(8, 0, -1)]) % 11 % 10 == digits[8]


def _icelandic(digits: list[int]) -> bool:
    return weighted(digits, (3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _japanese(digits: list[int]) -> bool:
    rest = weighted(digits[:11], (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest <= 1 else 11 - rest) == digits[11]


def _romanian(digits: list[int]) -> bool:
    rest = weighted(digits[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return (1 if rest == _TEN else rest) == digits[12]


def _spanish_insurance(digits: list[int]) -> bool:
    return int("".join(map(str, digits[:-2]))) % 97 == digits[-2] * 10 + digits[-1]


def _ukrainian(digits: list[int]) -> bool:
    return weighted(digits[:9], (10, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == digits[9]


def _german_doctor(digits: list[int]) -> bool:
    return -weighted(digits[:6], (4, 9) * 3) % 10 == digits[6]


def _german_licence(text: str) -> bool | None:
    """The last digit but one is a check, by a table that is not public; letters and digits are in it for sure."""
    return None if sum(map(str.isalpha, text)) > 1 and sum(map(str.isdigit, text)) > 4 else False  # noqa: PLR2004


def _turkish_plate(text: str) -> bool | None:
    """In lower case "10 of 2019" has its form too."""
    return False if set(text.split()) & _LITTLE_WORDS else None


_LITTLE_WORDS = frozenset(
    {
        "of",
        "in",
        "to",
        "at",
        "on",
        "or",
        "am",
        "pm",
        "by",
        "and",
        "the",
        "for",
        "x",
        "km",
        "kg",
        "cm",
        "mm",
        "mg",
        "ml",
    }
)
_TAX_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)  # Argentina and Peru

NATIONAL_CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "AE_EMIRATES_ID": _digits(luhn),
        "AR_CUIT": _sum_is(_TAX_WEIGHTS, 11, _minus(11, 9)),
        "AT_SOCIAL_SECURITY": _digits(_austrian),
        "BE_NATIONAL_NUMBER": _digits(_belgian),
        "BG_EGN": _sum_is((2, 4, 8, 5, 10, 9, 7, 3, 6), 11, lambda rest: rest % 10),
        "BR_CNPJ": _two_digits((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)),
        "BR_CPF": _two_digits(range(10, 1, -1), range(11, 1, -1)),
        "CA_SIN": _digits(luhn),
        "CH_AHV": _digits(_swiss),
        "CL_RUT": _chilean,
        "CN_RESIDENT_ID": _chinese,
        "CZ_BIRTH_NUMBER": _czech,
        "DE_FUEHRERSCHEIN": _german_licence,
        "DE_HEALTH_INSURANCE": _german_health,
        "DE_ID_CARD": _document,
        "DE_LANR": _digits(_german_doctor),
        "DE_SOCIAL_SECURITY": lambda text: _german_pension(letters_and_digits(text)),
        "DE_TAX_ID": _digits(_german_tax),
        "DK_CPR": _danish,
        "EE_ISIKUKOOD": _digits(_baltic),
        "ES_SOCIAL_SECURITY": _digits(_spanish_insurance),
        "FI_BUSINESS_ID": _digits(_finnish_company),
        "FR_NIR": _french,
        "FR_SIRET": _digits(luhn),
        "GR_AFM": _digits(_greek_tax),
        "GR_AMKA": _digits(luhn),
        "HK_ID": _hong_kong,
        "HR_OIB": _digits(mod11_10),
        "HU_SOCIAL_SECURITY": _sum_is((3, 7) * 4, 10),
        "HU_TAX_ID": _sum_is(range(1, 10), 11),
        "IE_PPS": _irish,
        "IL_ID": _digits(luhn),
        "IS_KENNITALA": _digits(_icelandic),
        "JP_MY_NUMBER": _digits(_japanese),
        "MX_CURP": _mexican,
        "NL_BSN": _digits(_dutch),
        "NO_FODSELSNUMMER": _digits(_norwegian),
        "NZ_IRD": _digits(_new_zealand),
        "PE_RUC": _sum_is(_TAX_WEIGHTS, 11, lambda rest: (11 - rest) % 10),
        "PL_NIP": _sum_is((6, 5, 7, 2, 3, 4, 5, 6, 7), 11),
        "PT_NIF": _sum_is(range(9, 1, -1), 11, _minus(11)),
        "RO_CNP": _digits(_romanian),
        "RU_INN": _digits(_inn),
        "RU_SNILS": _digits(_snils),
        "SA_NATIONAL_ID": _digits(luhn),
        "SE_ORGANISATIONSNUMMER": _swedish,
        "SE_PERSONNUMMER": _swedish,
        "SI_EMSO": _sum_is((7, 6, 5, 4, 3, 2) * 2, 11, _minus(11)),
        "TR_NATIONAL_ID": _digits(_turkish),
        "TR_LICENSE_PLATE": _turkish_plate,
        "TW_ID": _taiwanese,
        "UA_RNOKPP": _digits(_ukrainian),
        "ZA_ID_NUMBER": _digits(luhn),
    }
)
