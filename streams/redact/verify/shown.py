"""What is about to leave, and what of it is left when our own replacements are cut out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.geometry import Span
from schemas.hidden import Hidden
from streams.redact.transform.kept_words import FORMS
from streams.redact.transform.telling import drawn_part
from streams.redact.verify.own_secrets import MAX_WORDS, MIN_WORD
from streams.redact.verify.readings import normal
from topology.policies import FieldRule

GAP = " \0 "  # stands for a replacement: no letter, no white space, so that nothing reads across it
SURROGATE = "surrogate"
MIN_NUMBER = 5  # digits of another value's number: of three and four, some are years and house numbers
# `[PERSON_1]` and `[PERSON:token]`. Not the pattern that escaping uses: a slip there must show here.
_OURS = re.compile(r"\[[A-Z][A-Z0-9_]*(?:_\d+|:[0-9A-Za-z]{16})\]")
_WORD = re.compile(r"[^\W\d_]{3,}|\d{3,}")
_FORGED = re.compile(r"\[ ?[a-z][a-z0-9_]*(?:_\d+|:[0-9a-z]{16}) ?\]")


@dataclass(frozen=True, slots=True, repr=False)
class Shown(Hidden):
    """One field as it is about to leave. `raw` is the field as it came: what surrogates are compared with."""

    rule: FieldRule | None
    text: str
    spans: tuple[Span, ...]
    raw: str = ""


def left(field: Shown, gap: str = GAP) -> str:
    """The text without its replacements. Where text was dropped its neighbours meet, as they do for a reader."""
    if not field.spans:
        return field.text
    parts, position = [], 0
    for span in field.spans:
        if span.redacted_start < span.redacted_end:
            parts.append(field.text[position : span.redacted_start])
            position = span.redacted_end
    parts.append(field.text[position:])
    return gap.join(parts)


def only_our_placeholders(field: Shown, rest: str) -> bool:
    """Whether all that looks like a placeholder is one. `rest` is what is left of the field, normal."""
    if "[" in field.text:
        ours = {(span.redacted_start, span.redacted_end) for span in field.spans}
        if any(match.span() not in ours for match in _OURS.finditer(field.text)):
            return False
    return "[" not in rest or _FORGED.search(rest) is None


def surrogates_are_new(fields: Sequence[Shown], known: Sequence[str]) -> bool:
    """Whether no surrogate is a real value of the record, replaced in it or known, or holds what tells of one."""
    pairs = [
        (span.replacement, field.raw[span.start : span.end])
        for field in fields
        for span in field.spans
        if span.action == SURROGATE
    ]
    if not pairs:
        return True
    made = {_plain(replacement) for replacement, _ in pairs} - {""}
    return (
        made.isdisjoint(map(_plain, (*_replaced(fields), *known)))
        and all(_drawn(replacement).isdisjoint(_words(original)) for replacement, original in pairs)
        and _are_of_nobody((replacement for replacement, _ in pairs), known)
    )


def _are_of_nobody(made: Iterable[str], known: Iterable[str]) -> bool:
    """Whether no word or long number of a known value is in a surrogate; prose tells of nobody word by word."""
    drawn = {word for one in made for word in _drawn(one) if len(word) >= _least(word)}
    return not drawn or all(len(value.split()) > MAX_WORDS or drawn.isdisjoint(_words(value)) for value in known)


def _least(word: str) -> int:
    return MIN_NUMBER if word.isdigit() else MIN_WORD


def _drawn(made: str) -> set[str]:
    """Words and numbers of a surrogate that are none of a form."""
    return _words(drawn_part(made)) - FORMS


def _words(text: str) -> set[str]:
    """Words of three letters and groups of three digits or more; zeros alone tell nothing."""
    return {word for word in _WORD.findall(normal(text)) if word.strip("0")}


def _replaced(fields: Sequence[Shown]) -> Iterator[str]:
    return (field.raw[span.start : span.end] for field in fields for span in field.spans)


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).casefold()
