"""Keys, tokens and numbers of things: what opens an account, or names a document, a device or a vehicle."""

from __future__ import annotations

from streams.redact.detect.checksums import digits_of, luhn, weighted
from streams.redact.detect.find import DEFAULT, LIKELY, STRONG, UNUSUAL, WEAK
from streams.redact.detect.recognizers import Recognizer, form, labelled

# Prefixes that services give their keys, so that scanners find them.
_KEY = (
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[\w-]{16,}\b|\bgh[oprsu]_\w{20,}\b|\bgithub_pat_\w{20,}\b"
    r"|\bglpat-[\w-]{16,}\b|\bxox[abeoprs]-[\w-]{10,}\b|\bA[KS]IA[0-9A-Z]{12,}\b|\bAIza[\w-]{30,}\b"
    r"|\bya29\.[\w-]{20,}\b"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}\b|\bnpm_\w{20,}\b|\bhvs\.\w{20,}\b|\bdop_v1_\w{20,}\b|\bpypi-\w{20,}\b"
)
_TOKEN = r"\bey[a-z0-9_-]{8,}\.[a-z0-9_-]{4,}(?:\.[a-z0-9_-]*)?\b"  # noqa: S105 - a pattern, not a token
_PRIVATE_KEY = r"-----BEGIN [A-Z ]{3,40}-----[^-]{0,8000}(?:-----END [A-Z ]{3,40}-----)?"
_LABELS_A_KEY = r"\b(?:pass(?:word|phrase|wd|code)?|pwd|secret|(?:api|access|auth)[ _-]?(?:key|token)|bearer)"
_IS = r"(?: (?:is|was))?(?: ?[:=] ?| )"
_SHORT = (
    r"\b(?:pin|cvv2?|cvc2?|cvn|otp|tan|mtan|security code|verification code|one[- ]time code|passcode|zip"
    r"|last (?:4|four)(?: digits)?)"
)
_NUMBER_OF = (
    r"\b(?:account|acct|customer|client|member(?:ship)?|policy|patient|case|file|ticket|order|invoice"
    r"|booking|reservation"
    r"|reference|ref|confirmation|tracking|employee|student|badge|licen[cs]e|permit|passport|serial"
    r"|device|record|mrn"
    r"|claim|contract|registration|reg|docket|application|identification|id|ssn|sin|nif|vat|tax(?:payer)?(?: id)?)"
)
_NUMBERED = r"(?:(?: (?:number|no|nr|num|id|code))[.:]?(?: is)?[ :#]{1,3}|(?::|#| #) ?)"
_UUID = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
_VEHICLE = r"\b[a-hj-npr-z0-9]{17}\b"
_VIN_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)],
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DEGREES = r"-?\d{1,3}\.\d{3,}(?: ?deg(?:rees)?)? ?[ns]?,? {0,2}-?\d{1,3}\.\d{3,}(?: ?[ew]\b)?"
_MINUTES = r"\b\d{1,3} ?(?:~|deg|o|d) ?\d{1,2} ?(?:'|min|m) ?(?:\d{1,2}(?:\.\d+)? ?(?:\"|''|s|sec)? ?)?[nsew]\b"


# Three letters and three digits, two letters and five digits and their like; not "ISO 216", "USD 500", "AD 1066".
_PLATE = (
    r"\b[A-Z]{3}[ -]\d{3}\b|\b\d{3}[ -][A-Z]{3}\b|\b[A-Z]{2}[ -]\d[\dA-Z]{3,4}\b"
    r"|\b[A-Z]{2}[ -]?\d{2,4}[ -]?[A-Z]{2,3}\b"
    r"|\b[A-Z]{3,4}-\d[A-Z\d]{2,3}\b|\b\d{2,3}[A-Z]~\d{3}\b|\b\d{1,4}[ -][A-Z]{2,3}[ -]\d{1,4}\b"
)
_NO_PLATE = (
    "USD EUR GBP CHF JPY CNY INR AUD CAD SEK NOK DKK PLN CZK HUF RUB BRL MXN ZAR ISO RFC DIN IEC ITU UTC GMT CET"
    " EST PST BBC CNN NBA NFL NHL MLB BMW AMG ETA FAQ PDF USB CPU GPU RAM SSD LED HIV DNA RNA AD BC CE US UK UN EU"
    " AM PM TV VW IP IN ON AT BY TO OF OR AS IS IT THE AND FOR BUT NOT ALL ARE WAS HAS HAD"
)


def credential_forms() -> tuple[Recognizer, ...]:
    """Patterns of keys and numbers of things."""
    return (
        form("key/service", "API_KEY", _KEY, STRONG, cased=True),
        form("key/jwt", "API_KEY", _TOKEN, STRONG),
        form(
            "key/private",
            "API_KEY",
            _PRIVATE_KEY,
            STRONG,
            cased=True,
            trigger=r"-----BEGIN [A-Z ]{3,40}-----[^-]*-",
        ),
        labelled(
            "key/secret",
            "PASSWORD",
            _LABELS_A_KEY + r"(?: ?[:=] ?| (?:is|was) )",
            r"(?<=[:=] ?)[^\s,;]{4,64}|[^\s,;]*[\d!@#$%^&*][^\s,;]*",
            LIKELY,
        ),
        labelled("key/short", "PIN", rf"{_SHORT}(?: number| code)?{_IS}#?", r"\d{3,8}\b", LIKELY),
        labelled("key/numbered", "ID", _NUMBER_OF + _NUMBERED, r"[a-z]{0,4}[-/ ]?\d[\w/.-]{1,30}\b", LIKELY),
        form("key/uuid", "UUID", _UUID, STRONG),
        form("key/hash", "HASH", r"\b[0-9a-f]{32,}\b", LIKELY, check=_mixed),
        form("thing/vin", "VEHICLE_ID", _VEHICLE, LIKELY, check=_vin),
        form("thing/imei", "DEVICE_ID", r"\b\d{2}[- ]?\d{6}[- ]?\d{6}[- ]?\d(?:\d)?\b", LIKELY, check=_imei),
        form("thing/plate", "LICENSE_PLATE", _PLATE, WEAK, cased=True, check=_is_plate),
        form("place/degrees", "COORDINATES", _DEGREES, STRONG, trigger=_DEGREES),
        form("place/minutes", "COORDINATES", _MINUTES, STRONG),
        form(
            "thing/mixed code",
            UNUSUAL,
            r"\b(?:[a-z]{1,5}[-/]?\d|\d+[-/]?[a-z])[\w/-]{4,}\b",
            DEFAULT,
            check=_numbers,
        ),
    )


def _mixed(text: str) -> bool | None:
    return None if any(map(str.isdigit, text)) and any(map(str.isalpha, text)) else False


def _numbers(text: str) -> bool | None:
    """Codes of letters and at least three digits; words with a number beside them are fewer."""
    return None if sum(map(str.isdigit, text)) >= 3 else False  # noqa: PLR2004


def _is_plate(text: str) -> bool | None:
    """A year after two letters is a year."""
    head = text.replace("-", " ").split()
    year = head[-1].isdigit() and 1500 <= int(head[-1]) < 2100  # noqa: PLR2004
    return False if year or set(_NO_PLATE.split()) & set(head) else None


def _imei(text: str) -> bool:
    digits = digits_of(text)
    return len(digits) == 15 and luhn(digits)  # noqa: PLR2004 - 3GPP TS 23.003


def _vin(text: str) -> bool | None:
    """ISO 3779. The check digit (49 CFR 565.15) is used in North America and China, so a wrong one is no proof."""
    if _mixed(text) is False:
        return False
    rest = weighted([_VIN_VALUES[char] for char in text.upper()], _VIN_WEIGHTS) % 11
    return True if "0123456789X"[rest] == text[8].upper() else None
