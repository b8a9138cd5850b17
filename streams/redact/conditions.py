"""Where a policy treats a find more strictly: by language, source, purpose, field, and the words close by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from streams.redact.detect.shadow import fold
from topology.policies import Condition, Treatment, stricter

NEAR = 60  # characters before and after a find in which a word is close by: ten words or so
_KEPT = 32  # compiled conditions of as many policies; a process works by one or two


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a record says of itself. It may come from anybody, so that conditions only raise."""

    language: str
    source: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class _Compiled:
    condition: Condition
    treatments: dict[str, Treatment]
    near: re.Pattern[str] | None


class Conditions:
    """The conditions of one policy, ready to be asked."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._all = [_Compiled(one, dict(one.categories), _near(one.near)) for one in conditions]

    def raised(
        self, treatment: Treatment, kind: str, record: Circumstances, field: str, text: str, span: tuple[int, int]
    ) -> Treatment:
        """`treatment`, or what a condition that holds of this find asks, if that is stricter."""
        asked = [
            one.treatments[kind]
            for one in self._all
            if kind in one.treatments and _holds(one.condition, record, field) and _is_near(one.near, text, span)
        ]
        return stricter(treatment, *asked) if asked else treatment


@lru_cache(_KEPT)
def compiled(conditions: tuple[Condition, ...]) -> Conditions:
    """The conditions, compiled once."""
    return Conditions(conditions)


def _holds(condition: Condition, record: Circumstances, field: str) -> bool:
    return (
        (not condition.languages or record.language in condition.languages)
        and (not condition.sources or record.source in condition.sources)
        and (not condition.purposes or record.purpose in condition.purposes)
        and (not condition.fields or field in condition.fields)
    )


def _is_near(near: re.Pattern[str] | None, text: str, span: tuple[int, int]) -> bool:
    if near is None:
        return True
    around = f"{text[max(0, span[0] - NEAR) : span[0]]} {text[span[1] : span[1] + NEAR]}"
    return near.search(fold(around).lower()) is not None


def _near(words: Sequence[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(fold(word).lower()) for word in words) + r")(?!\w)")
