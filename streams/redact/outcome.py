"""What becomes of one record: exactly one of three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.errors import Reason
from schemas.geometry import FieldGeometry, Span
from schemas.hidden import RawValues, SanitizedRecord
from streams.redact.risk.score import Score

NO_VALUES = RawValues({})


class Redacted(NamedTuple):
    """A record that may be shown, and, apart from it, what it takes to go back. It prints no value.

    `values`: placeholder, token or surrogate → original. `sources`: raw text of each field shown. `subjects`: raw
    text at the policy's subject paths, shown or not. `risk`: the residual risk, where the policy asks for it.
    `hints`: placeholder → what may be told of its value, where the policy asks for it.
    """

    record: SanitizedRecord
    geometry: tuple[FieldGeometry, ...]
    values: RawValues
    sources: RawValues
    subjects: RawValues
    risk: Score | None = None
    hints: RawValues = NO_VALUES

    @property
    def spans(self) -> tuple[Span, ...]:
        """What was replaced, in all fields."""
        if len(self.geometry) == 1:
            return self.geometry[0].spans
        return tuple(span for field in self.geometry for span in field.spans)


@dataclass(frozen=True, slots=True)
class Dropped:
    """The policy leaves nothing of the record to show."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """The record can't be shown safely; it goes to quarantine."""

    reason: Reason


Outcome = Redacted | Dropped | Refused
