"""What becomes of one record: exactly one of three."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import Reason
from schemas.geometry import FieldGeometry, Span
from schemas.hidden import RawValues, SanitizedRecord


@dataclass(frozen=True, slots=True)
class Redacted:
    """A record that may be shown, and, apart from it, what it takes to go back.

    `values`: placeholder → original. `sources`: raw text of each field shown. `subjects`: raw text at the policy's
    subject paths, shown or not.
    """

    record: SanitizedRecord
    spans: tuple[Span, ...]
    geometry: tuple[FieldGeometry, ...]
    values: RawValues
    sources: RawValues
    subjects: RawValues


@dataclass(frozen=True, slots=True)
class Dropped:
    """The policy leaves nothing of the record to show."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """The record can't be shown safely; it goes to quarantine."""

    reason: Reason


Outcome = Redacted | Dropped | Refused
