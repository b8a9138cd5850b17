"""What one pattern is, and Presidio's patterns of all countries as such (`data/presidio/`)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

from streams.redact.detect.presidio_checks import CHECKS, Check
from streams.redact.detect.presidio_table import DOMAINS, read

LONGEST_LABELLED = 80  # characters after its label in which a value ends


@dataclass(frozen=True, slots=True)
class Recognizer:
    r"""One pattern over folded (ASCII) text, and what a match of it is worth.

    `pattern` alone is matched by Hyperscan. With a `trigger` Hyperscan looks for that, and `pattern` is searched
    with backtracking inside each place found and `reach` characters after it; its group 1, where there is one, is
    the find. A trigger that ends with one character more than it means (`\s`) is reported once, instead of at each
    of its possible ends. Where a trigger is too much for Hyperscan to know its start, `behind` says how many
    characters before its end are searched. `limit_s` bounds the backtracking of a pattern that is not ours.
    `literals` are triggers that Hyperscan finds at no cost: 300 words in one pattern take 1 s to compile.
    """

    name: str
    entity_type: str
    pattern: str
    caseless: bool
    weight: float
    check: Check | None = None
    context: frozenset[str] = frozenset()
    shape_suffices: bool = False
    trigger: str | None = None
    reach: int = 1
    behind: int = 0
    limit_s: float | None = None
    literals: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether this package says it, and not a policy's own file."""
        return self.limit_s is None


def form(
    name: str,
    entity_type: str,
    pattern: str,
    weight: float,
    *,
    trigger: str | None = None,
    check: Check | None = None,
    cased: bool = False,
    reach: int = 1,
    behind: int = 0,
    literals: tuple[str, ...] = (),
) -> Recognizer:
    """A pattern of our own, caseless unless it says otherwise."""
    return Recognizer(
        name,
        entity_type,
        pattern,
        not cased,
        weight,
        check,
        trigger=trigger,
        reach=reach,
        behind=behind,
        literals=literals,
    )


def labelled(
    name: str, entity_type: str, label: str, value: str, weight: float, *, cased: bool = False
) -> Recognizer:
    """A value known by the words before it."""
    return form(name, entity_type, f"{label}({value})", weight, trigger=label, cased=cased, reach=LONGEST_LABELLED)


# Types that stay hidden, under their own name, when their checksum fails: a mistyped card number is still one.
# Of other types a failed checksum is dropped, since deny-by-default hides digits and mixed tokens anyway.
SHAPE_SUFFICES = frozenset({"CREDIT_CARD", "IBAN_CODE", "EMAIL_ADDRESS"})

# Originals that look ahead through the whole text from each word, have no word boundary and so are tried inside
# every longer number, hold a class that is wider than it means, or say with a lookahead what a check says cheaper.
_BOUNDED = {
    "CreditCardRecognizer/All Credit Cards (weak)": (
        r"\b(?:4\d{3}|5[0-5]\d{2}|6\d{3}|1\d{3}|3\d{3})[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{3,5}\b"
    ),
    "InPanRecognizer/PAN (Low)": r"\b(?=[^\d\s]*\w*[a-zA-Z])(?=\w{0,6}[0-9]{4})[\w@#$%^?~-]{10}\b",
    "CryptoRecognizer/Crypto (Medium)": r"\b(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25,59}\b",
    "KrFrnRecognizer/FRN (Medium)": r"\b\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[5-8]\d{6}\b",
    "KrRrnRecognizer/RRN (Medium)": r"\b\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[1-4]\d{6}\b",
    "KrBrnRecognizer/BRN (Very weak)": r"\b\d{10}\b",
    "KrDriverLicenseRecognizer/Driver License (very weak)": r"\b\d{2}[- ]?\d{2}[- ]?\d{6}[- ]?\d{2}\b",
    "PlPeselRecognizer/PESEL": r"\b[0-9]{2}(?:[02468][1-9]|[13579][012])(?:0[1-9]|1[0-9]|2[0-9]|3[01])[0-9]{5}\b",
    "FiPersonalIdentityCodeRecognizer/Finnish Personal Identity Code (Very Weak)": (
        r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9ABCDEFHJKLMNPRSTUVWXY]"
    ),
    "MacAddressRecognizer/MAC_COLON_OR_HYPHEN": r"\b[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5}\b",
    "IbanRecognizer/IBAN Generic": r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,6}(?:[ -]?[A-Z0-9]{1,4}){0,2}\b",
}  # fmt: skip
_BEHIND = {"InPanRecognizer/PAN (Low)": 10}
_REACH = {"InPanRecognizer/PAN (Low)": 10}
_TRIGGERS = {"InPanRecognizer/PAN (Low)": r"[a-z_@#$%^?~-]\d{4}|\d{4}[a-z_@#$%^?~-]"}


def load_recognizers(*, mistyped: bool = True) -> tuple[Recognizer, ...]:
    """Every pattern of every predefined recognizer, in a stable order.

    `mistyped`: whether a card number, IBAN or e-mail address with a wrong checksum stays a find.
    """
    return tuple(_recognizer(row, mistyped=mistyped) for row in read())


def top_level_domains() -> frozenset[str]:
    """Those that Presidio knows, in lower case."""
    text = resources.files("streams.redact.detect").joinpath("data", "presidio", DOMAINS).read_text("utf-8")
    return frozenset(text.split())


def _recognizer(row: dict[str, Any], *, mistyped: bool) -> Recognizer:
    entity = row["entity_type"]
    return Recognizer(
        name=row["name"],
        entity_type=entity,
        pattern=_BOUNDED.get(row["name"], row["pattern"]),
        caseless=row["caseless"],
        weight=row["weight"],
        check=CHECKS.get(entity),
        context=frozenset(row["context"]),
        shape_suffices=mistyped and entity in SHAPE_SUFFICES,
        trigger=_TRIGGERS.get(row["name"]),
        behind=_BEHIND.get(row["name"], 0),
        reach=_REACH.get(row["name"], 1),
    )
