"""The last look at what is about to leave, as an attacker would, with other code than the detectors.

Everyday words are no secret by themselves (a customer called Will does not make the verb one), so they never
refuse a record; a whole value of several words does, whatever its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from schemas.geometry import Span
from schemas.hidden import Hidden
from streams.redact.detect.custom import DENIED
from streams.redact.detect.own_values import MAX_VALUES, MAX_WORDS, KnownValue
from streams.redact.placeholders import PLACEHOLDER
from topology.policies import Action, FieldRule, Policy

MIN_WORD = 4
_GAP = "\n"
_WORD = re.compile(r"\w+")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,64}(?:\.[^\s@.]{1,64}){1,8}")
_LONG_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}\b")


@dataclass(frozen=True, slots=True, repr=False)
class Shown(Hidden):
    """One field as it is about to leave."""

    rule: FieldRule | None
    text: str
    spans: tuple[Span, ...]


def holds(
    fields: Sequence[Shown], known: Iterable[KnownValue], policy: Policy, is_everyday: Callable[[str], bool]
) -> bool:
    """Whether nothing is left that must not be seen. `False` means: do not release."""
    secrets = _Secrets(known, is_everyday)
    return all(_field_holds(field, secrets, policy) for field in fields)


def _field_holds(field: Shown, secrets: _Secrets, policy: Policy) -> bool:
    if not _placeholders_are_ours(field):
        return False
    rest = _normal(_without_replacements(field))
    if field.rule is None or field.rule.action is not Action.PASS:
        return not (secrets.words_in(rest) or secrets.whole_in(rest) or _identifies(rest, policy))
    # A passed field is shown by decision. One with a category has been thought about; one without must not carry
    # what identifies anybody, nor the whole of a value that the policy hides elsewhere.
    return field.rule.category is not None or not (secrets.named_in(rest) or _identifies(rest, policy))


def _placeholders_are_ours(field: Shown) -> bool:
    ours = {(span.redacted_start, span.redacted_end) for span in field.spans}
    return all(match.span() in ours for match in PLACEHOLDER.finditer(field.text))


def _without_replacements(field: Shown) -> str:
    parts, position = [], 0
    for span in field.spans:
        if span.redacted_start < span.redacted_end:
            parts.append(field.text[position : span.redacted_start])
            position = span.redacted_end
    return _GAP.join([*parts, field.text[position:]])


def _normal(text: str) -> str:
    """Compatibility forms, case, invisible characters undone. Not the detectors' fold: a second pair of eyes."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else "".join(c for c in folded if unicodedata.category(c) != "Cf")


class _Secrets(Hidden):
    """The record's own hidden values, ready to be looked for."""

    __slots__ = ("_named", "_wholes", "_words")

    def __init__(self, known: Iterable[KnownValue], is_everyday: Callable[[str], bool]) -> None:
        self._words: set[str] = set()
        self._wholes: list[str] = []
        self._named: list[str] = []
        for count, value in enumerate(known):
            if count >= MAX_VALUES:
                break
            text = " ".join(_normal(value.text).split())
            words = _WORD.findall(text)
            if len(words) <= MAX_WORDS:
                self._words.update(word for word in words if len(word) >= MIN_WORD and not is_everyday(word))
            if len(text) >= MIN_WORD and not is_everyday(text):
                (self._wholes if value.entity_type == DENIED else self._named).append(text)

    def words_in(self, text: str) -> bool:
        return not self._words.isdisjoint(_WORD.findall(text))

    def named_in(self, text: str) -> bool:
        spaced = " ".join(text.split())
        return any(_stands_in(value, spaced) for value in self._named)

    def whole_in(self, text: str) -> bool:
        return self.named_in(text) or any(_stands_in(value, " ".join(text.split())) for value in self._wholes)


def _stands_in(value: str, text: str) -> bool:
    """Whether `value` is in `text` between word boundaries."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if not (text[start - 1 : start].isalnum() and value[0].isalnum()) and not (
            text[end : end + 1].isalnum() and value[-1].isalnum()
        ):
            return True
        start = text.find(value, start + 1)
    return False


def _identifies(text: str, policy: Policy) -> bool:
    """Whether an e-mail address or a number with a valid checksum is left that the policy does not pass."""
    shown = {
        kind for kind in ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE") if policy.action_for(kind) is Action.PASS
    }
    return (
        ("EMAIL_ADDRESS" not in shown and _EMAIL.search(text) is not None)
        or ("CREDIT_CARD" not in shown and any(_luhn(match.group()) for match in _LONG_NUMBER.finditer(text)))
        or ("IBAN_CODE" not in shown and any(_mod97(match.group()) for match in _IBAN.finditer(text)))
    )


def _luhn(text: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = [int(char) for char in reversed(text) if char.isdigit() and char.isascii()]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total % 10 == 0 and any(digits)


def _mod97(text: str) -> bool:
    """ISO 13616; every length is tried, since the next word may follow without a break."""
    compact = text.replace(" ", "")
    return any(_iban_checksum(compact[:length]) for length in range(15, len(compact) + 1))


def _iban_checksum(code: str) -> bool:
    return code.isascii() and int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1
