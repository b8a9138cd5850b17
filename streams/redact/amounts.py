"""How much of what is shown was replaced, and how long records waited: numbers for the audit, never a value.

Counted are fields that annotators see in some form. What a policy leaves out whole has no length here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from schemas import durations
from schemas.geometry import FieldGeometry


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of some records: fields shown, and those in which something was replaced; code points of both, raw."""

    fields: int = 0
    fields_redacted: int = 0
    characters: int = 0
    characters_redacted: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(getattr(self, it.name) + getattr(other, it.name) for it in fields(self)))


def amounts(geometry: Iterable[FieldGeometry]) -> Amounts:
    """Of one record."""
    shown = list(geometry)
    return Amounts(
        len(shown),
        sum(1 for field in shown if field.spans),
        sum(field.raw_length for field in shown),
        sum(span.end - span.start for field in shown for span in field.spans),
    )


def details(parts: Iterable[Amounts], waits_ms: Iterable[int]) -> Mapping[str, str]:
    """For `batch.redacted`; nothing where no task came of it. `waited`: from append to release, of each task."""
    total = sum(parts, Amounts())
    if not total.fields:
        return {}
    said = {it.name: str(getattr(total, it.name)) for it in fields(total)}
    return said | {"waited": durations.written(durations.counted(waits_ms))}
