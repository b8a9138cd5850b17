"""Telephone numbers, and digits in groups of which nobody says what they are.

Google's own matcher takes 250 µs a text for one country (2026-11-25, busy machine). Here Hyperscan finds runs of
digits, and only those are judged: with a country code by `phonenumbers` itself, national ones by its metadata, put
into one pattern.
"""

from __future__ import annotations

import re
from functools import cache

from streams.redact.detect.find import LIKELY, NUMBER, WEAK
from streams.redact.detect.recognizers import Recognizer, form, labelled

# Countries whose national formats are known; a number of another one counts with its code, or as grouped digits.
_REGIONS = (
    "US GB DE FR IT ES NL BE CH AT SE NO DK FI IE PT PL CZ SK HU RO GR TR RU UA IL IN PK BD ID PH MY SG TH VN JP"
    " KR CN TW HK AU NZ ZA NG KE EG MA SA AE BR MX AR CL CO PE"
)
_RUN = r"[+(]{0,2}\d(?:[ .\-/()]{0,3}\d){4,}[ .\-/()]*(?:[^\d .\-/()]|x\d)"
_GROUPED = r"\(?\+?\(?\d{1,14}+\)?(?:[ .\-/]{0,3}+\(?\d{1,14}+\)?+){0,9}+"
_SHORT_GROUPS = (
    r"\d{2}[ .-]\d{2}[ .-]\d{2}|\d{3}[ /-]\d{2,3}|\d{2} \d{3}|\d[ .-]\d{2}[ .-]\d{2,3}"
    r"|\d{3}[ -]\d[ -]\d{1,3}|\d{4}:\d{4}(?::\d{4})?"
)
_EXTENSION = r"(?:,? ?(?:x|ext\.?|extension|durchwahl|poste) ?\d{1,6})?"
# Amounts are no numbers of anybody: a sign of money before, a unit after.
_NO_AMOUNT = r"(?<![\w.$~])"
_NO_UNIT = (
    r"(?!\w|[ ]?(?:%|percent|per cent|euros?|eur|dollars?|usd|pounds?|gbp|yen|km|kg|miles|people|inhabitants"
    r"|votes)\b)"
)
_PHONE = rf"{_NO_AMOUNT}{_GROUPED}{_EXTENSION}(?!\w)"
_LABEL = (
    r"\b(?:tel(?:ephone|efon|efono)?|phone|mobile|mobil|cell|fax|whatsapp|call|text|ph)(?: (?:number|no|me"
    r" at|us at|at|on|is))?"
)
_DIGITS = (7, 15)  # ITU-T E.164: at most 15; shorter ones are numbers within a town
_PLAIN = 9  # digits up to which a run without a group or a leading zero is no telephone number
_NO_DIGIT = re.compile(r"(?:,? ?[a-z].*|\D)")  # an extension does not count
# Years from and to, decimals, versions of software, round thousands.
_ORDINARY = re.compile(
    r"(?:1[5-9]|20)\d{2} ?[-/] ?(?:1[5-9]|20)?\d{2}|\d+\.\d+|\d{1,2}(?:\.\d{1,3}){1,3}"
    r"|[1-9]\d{0,2}(?:[. ]\d{3})*[. ]\d00"
)


def phone_forms() -> tuple[Recognizer, ...]:
    """Patterns of telephone numbers and other grouped digits."""
    return (
        form("phone/number", "PHONE_NUMBER", _PHONE, LIKELY - 0.05, trigger=_RUN, reach=12, check=_is_phone),
        labelled(
            "phone/labelled", "PHONE_NUMBER", rf"{_LABEL}[ .:]{{1,3}}", r"\+?\(?\d[\d ./()-]{3,20}\d\b", LIKELY
        ),
        form(
            "phone/vanity",
            "PHONE_NUMBER",
            r"\b1?[- .]?\(?8(?:00|33|44|55|66|77|88)\)?[- .][a-z\d]{3,4}[- .]?[a-z\d]{3,5}\b",
            LIKELY,
        ),
        form(
            "number/grouped",
            NUMBER,
            rf"{_NO_AMOUNT}(?:{_SHORT_GROUPS}){_NO_UNIT}",
            WEAK + 0.02,
            trigger=rf"\b(?:{_SHORT_GROUPS})\b",
            reach=12,
        ),
    )


def _is_phone(text: str) -> bool | None:
    digits = text if text.isdigit() else _NO_DIGIT.sub("", text)
    if not _DIGITS[0] <= len(digits) <= _DIGITS[1] or _ORDINARY.fullmatch(text):
        return False
    if text.startswith(("+", "00")) and _is_international(digits.removeprefix("00")):
        return True
    if digits is not text:
        return None
    return None if (text[0] == "0" or len(text) > _PLAIN) and _national().fullmatch(text) else False


def _is_international(digits: str) -> bool:
    """Whether country code and number are in use (ITU-T E.164, by Google's libphonenumber)."""
    from phonenumbers import NumberParseException, is_valid_number, parse  # noqa: PLC0415 - its tables, rarely needed

    try:
        return bool(is_valid_number(parse(f"+{digits}")))
    except NumberParseException:
        return False


@cache
def _national() -> re.Pattern[str]:
    """Numbers as dialled within one of these countries, trunk prefix included."""
    from phonenumbers import PhoneMetadata  # noqa: PLC0415 - its tables, rarely needed

    patterns = []
    for region in _REGIONS.split():
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is not None and metadata.general_desc is not None:
            number = metadata.general_desc.national_number_pattern
            patterns.append(f"(?:{metadata.national_prefix or ''})?(?:{number})")
    return re.compile("|".join(patterns))
