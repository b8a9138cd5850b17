"""Numbers that states give people and companies, beyond those that Presidio knows (`data/national_ids.txt`)."""

from __future__ import annotations

from importlib import resources

from streams.redact.detect.national_checks import NATIONAL_CHECKS
from streams.redact.detect.recognizers import Recognizer

_BORN = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BORN_DAY_FIRST = r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}"
_CAPITALS = frozenset({"DE_KFZ", "PL_ID_CARD", "UK_NINO"})  # in lower case they are words with a number after them


def national_id_forms() -> tuple[Recognizer, ...]:
    """One recognizer for each row of the table."""
    text = resources.files("streams.redact.detect").joinpath("data", "national_ids.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return tuple(_recognizer(number, *row) for number, row in enumerate(rows))


def _recognizer(number: int, kind: str, pattern: str, weight: str, checked: str, context: str) -> Recognizer:
    source = pattern.replace("<born>", _BORN).replace("<born day first>", _BORN_DAY_FIRST)
    return Recognizer(
        name=f"national/{kind}/{number}",
        entity_type=kind,
        pattern=rf"\b(?:{source})\b",
        caseless=kind not in _CAPITALS,
        weight=float(weight),
        check=NATIONAL_CHECKS[kind] if checked == "checked" else None,
        context=frozenset(context.split()),
    )
