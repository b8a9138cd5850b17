"""What names a person by itself: addresses of the net, numbers with a valid checksum, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from streams.redact.verify.checksums import digits_of, luhn, mod97, nhs, ssn

MIN_DIGITS = 6  # of the shortest: a national insurance number
_NO_DIGITS = bytes(code for code in range(256) if not 48 <= code <= 57)  # noqa: PLR2004 - "0" to "9" in ASCII

_EMAIL = re.compile(r"(?<=[^\s@\0])@[^\s@.\0]{1,64}(?:\.[^\s@.\0]{1,64}){1,8}")
_OPEN, _CLOSE = r"[(\[{<] ?", r" ?[)\]}>]"
_SPELLED = re.compile(
    rf"[\w.+-] ?{_OPEN}(?:at|@){_CLOSE} ?[\w-]{{1,64}} ?(?:\.|{_OPEN}(?:dot|\.){_CLOSE}|dot\b) ?[a-z]"
    rf"|[\w.+-] (?:at|@) [\w-]{{1,64}} (?:dot |{_OPEN}dot{_CLOSE} ?)[a-z]"
)
_BRACKETS = re.compile(r"[(\[{<]")


@dataclass(frozen=True, slots=True)
class Shape:
    """Digits of a kind. `anywhere`: sure enough to look for in fields that pass by decision, too."""

    kinds: tuple[str, ...]
    pattern: re.Pattern[str]
    valid: Callable[[str], bool]
    anywhere: bool = False


def _always(_: str) -> bool:
    return True


_DATE = r"(?<!\d)(?:(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:19|20)\d\d)(?!\d)"
# An issuer's first digits (ISO/IEC 7812): without them one of ten order numbers or times would be a card.
_CARD = r"(?<!\d)(?:4|5[1-5]|2[2-7]|3[0-9]|6)(?:[ -]?\d){12,18}(?!\d)"
SHAPES = (
    Shape(("CREDIT_CARD",), re.compile(_CARD), luhn, anywhere=True),
    Shape(("IBAN_CODE",), re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}\b"), mod97, anywhere=True),
    Shape(("CREDIT_CARD", "IMEI"), re.compile(r"(?<!\d)\d(?:[ /-]?\d){12,18}(?!\d)"), luhn),
    Shape(("US_SSN",), re.compile(r"(?<![\d-])\d{3}([- .])\d{2}\1\d{4}(?![\d-])"), ssn),
    Shape(("UK_NINO",), re.compile(r"\b[a-ceghj-prstw-z][a-ceghj-nprstw-z](?: ?\d\d){3} ?[a-d]\b"), _always),
    Shape(("DATE_TIME",), re.compile(_DATE), _always),
    Shape(("UK_NHS",), re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)"), nhs),
)
# Seven digits are a subscriber's number; more may be two of them, or whatever else. Years beside each other
# ("2010-2014") are none: a policy may show years, and says so elsewhere.
_RUN = re.compile(r"\d(?:[ ().\-/]{0,2}\d){6,}")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
MIN_PHONE = 7
A_NUMBER = ("PHONE_NUMBER", "NUMBER")


def identifiers_in(text: str, *, sure: bool) -> Iterator[tuple[str, ...]]:
    """What `text`, normal, holds of each shape: the kinds it may be of. `sure`: only what leaves no doubt."""
    if "@" in text and _EMAIL.search(text):
        yield ("EMAIL_ADDRESS",)
    if ("dot" in text or _BRACKETS.search(text)) and _SPELLED.search(text):
        yield ("EMAIL_ADDRESS",)
    if len(text.encode("ascii", "ignore").translate(None, _NO_DIGITS)) < MIN_DIGITS:
        return
    for shape in SHAPES:
        if (shape.anywhere or not sure) and any(
            shape.valid(match.group()) for match in shape.pattern.finditer(text)
        ):
            yield shape.kinds
    if not sure and any(_is_phone_like(match.group()) for match in _RUN.finditer(text)):
        yield A_NUMBER


def _is_phone_like(run: str) -> bool:
    return len(digits_of(_YEAR.sub("", run))) >= MIN_PHONE
