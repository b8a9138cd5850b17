"""Numbers that name a person, an account or a thing, of 48 countries. Where the check digit is made at all, one in
ten is wrong, as typing errors and documented examples are. Shapes without one are in `words/*_ids.txt`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from streams.redact.training.synthetic.checksums import iban_check, luhn, verhoeff, weighted
from streams.redact.training.synthetic.words import Make, chance, digits, pick, shaped, table

VALID = 0.9

# First digits and length (ISO/IEC 7812): Visa, Mastercard old and new, American Express, Discover, JCB, Diners.
_CARDS = (("4", 16), ("4", 16), ("51", 16), ("5425", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16),
          ("3528", 16), ("36", 14))  # fmt: skip


def card(rng: Random) -> str:
    start, length = pick(rng, _CARDS)
    body = start + digits(rng, length - len(start) - 1)
    return _grouped(body + _check(rng, luhn(body)), 4, pick(rng, ("", "", " ", "-")))


def iban(rng: Random) -> str:
    """Of 26 countries, each of its length (IBAN registry)."""
    country, shapes = pick(rng, tuple(table("ibans").items()))
    account = shaped(rng, shapes[0])
    check = iban_check(country, account) if chance(rng, VALID) else digits(rng, 2)
    return _grouped(f"{country}{check}{account}", 4, pick(rng, ("", " ", " ")))


def national(rng: Random) -> str:
    """An identity, tax or health number of any country."""
    return pick(rng, tuple(NATIONAL.values()))(rng)


def of_shape(kind: str) -> Make:
    """Makes identifiers of a line of `words/other_ids.txt`."""
    return lambda rng: shaped(rng, pick(rng, table("other_ids")[kind]))


def _of_country(kind: str) -> Make:
    """Makes identifiers of a line of `words/national_ids.txt`; a shape after `~` follows a birth date."""

    def make(rng: Random) -> str:
        shape = pick(rng, table("national_ids")[kind])
        return _birth(rng) + shaped(rng, shape[1:]) if shape.startswith("~") else shaped(rng, shape)

    return make


def _grouped(text: str, size: int, separator: str) -> str:
    return separator.join(text[at : at + size] for at in range(0, len(text), size))


def _check(rng: Random, right: str) -> str:
    return right if chance(rng, VALID) else str(rng.randrange(10))


def _birth(rng: Random) -> str:
    return f"{rng.randrange(30, 100)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"


def _modulo_11(rng: Random, length: int, sign: int) -> str:
    """`length` digits and a check digit by weights that fall to 2; bodies that would need a 10 aren't issued."""
    while True:
        body = digits(rng, length)
        check = sign * weighted(body, range(length + 1, 1, -1), 11) % 11
        if check <= 9:  # noqa: PLR2004 - one digit
            return f"{body}{check}"


def _nhs(rng: Random) -> str:
    whole = _modulo_11(rng, 9, -1)
    return pick(rng, (" ", "-", "")).join((whole[:3], whole[3:6], whole[6:]))


def _bsn(rng: Random) -> str:
    return _modulo_11(rng, 8, 1)


def _dni(rng: Random) -> str:
    number = rng.randrange(10**7, 10**8)
    return f"{number}{pick(rng, ('', '', '-'))}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def _pesel(rng: Random) -> str:
    body = f"{_birth(rng)}{digits(rng, 4)}"
    return body + _check(rng, str(-weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), 10) % 10))


def _fiscal_code(rng: Random) -> str:
    month = pick(rng, tuple("ABCDEHLMPRST"))
    return shaped(rng, f"@@@@@@##{month}{rng.randrange(1, 29):02}@###@")


def _aadhaar(rng: Random) -> str:
    body = str(rng.randrange(2, 10)) + digits(rng, 10)
    return _grouped(body + _check(rng, verhoeff(body)), 4, pick(rng, ("", " ", " ", "-")))


def _cpf(rng: Random) -> str:
    body = digits(rng, 9)
    for length in (9, 10):
        body += str((weighted(body, range(length + 1, 1, -1), 11) * 10) % 11 % 10)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}" if chance(rng, 0.7) else body


def _luhn_number(rng: Random) -> str:
    body = digits(rng, 8)
    return _grouped(body + _check(rng, luhn(body)), 3, pick(rng, (" ", "-", "")))


def _personnummer(rng: Random) -> str:
    body = f"{_birth(rng)}{digits(rng, 3)}"
    return f"{pick(rng, ('', '19'))}{body[:6]}-{body[6:]}{_check(rng, luhn(body))}"


def _around_birth(before: str, after: str) -> Make:
    return lambda rng: f"{shaped(rng, before)}{_birth(rng)}{shaped(rng, after)}"


_CHECKED: dict[str, Callable[[Random], str]] = {
    "UK_NHS": _nhs,
    "CA_SIN": _luhn_number,
    "ES_NIF": _dni,
    "IT_FISCAL_CODE": _fiscal_code,
    "NL_BSN": _bsn,
    "SE_PERSONNUMMER": _personnummer,
    "PL_PESEL": _pesel,
    "RO_CNP": _around_birth("2", "######"),
    "IL_ID": _luhn_number,
    "IN_AADHAAR": _aadhaar,
    "CN_RESIDENT_ID": _around_birth("######19", "###*"),
    "BR_CPF": _cpf,
    "MX_CURP": _around_birth("@@@@", "@@@@@@**"),
}
# In words/national_ids.txt. Named here so that the table of slots is complete without reading a file.
_SHAPED = (
    "US_SSN US_ITIN UK_NINO AU_TFN AU_MEDICARE NZ_IRD IE_PPS DE_TAX_ID DE_ID_CARD FR_INSEE ES_NIE PT_NIF "
    "BE_NATIONAL_NUMBER CH_AHV AT_SVNR NO_FODSELSNUMMER DK_CPR FI_PERSONAL_IDENTITY_CODE CZ_BIRTH_NUMBER "
    "HU_TAX_ID BG_EGN HR_OIB TR_NATIONAL_ID RU_INN IN_PAN IN_VOTER PK_CNIC SG_NRIC_FIN MY_NRIC TH_TNIN "
    "KR_RRN JP_MY_NUMBER HK_ID AR_DNI CL_RUT CO_CEDULA ZA_ID NG_NIN KE_ID EG_ID AE_EMIRATES_ID SA_ID"
)
NATIONAL: dict[str, Make] = {**_CHECKED, **{kind: _of_country(kind) for kind in _SHAPED.split()}}
