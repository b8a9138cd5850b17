"""How far the people of one task agree, as numbers that a project can set a bar for.

Over one task, nominal alpha would be 0 for any disagreement, however large: it needs many units to know what
chance gives. So choices are measured by the share of agreeing pairs (Fleiss 1971, formula 2), spans by alpha for
unitizing, whose units are the characters of all fields in a row. Pure, and independent of the order of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from schemas.records import Contribution, FieldShape
from streams.decide.kappa import agreeing_pairs
from streams.decide.span_f1 import exact_f1, mean_pairwise, overlap_f1
from streams.decide.unitizing import Bounds, unitizing_alpha


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of at least two people; each part is None where nobody answered such a question.

    `choices` is the mean over the choices. The two F1 are means over all pairs of people.
    """

    spans: float | None
    choices: float | None
    exact_f1: float | None
    overlap_f1: float | None

    @property
    def value(self) -> float:
        """What a bar is compared with: the lower part; 1 where nobody marked or chose anything."""
        return min((part for part in (self.spans, self.choices) if part is not None), default=1.0)


def agreement(people: Sequence[Contribution], fields: Sequence[FieldShape]) -> Agreement | None:
    """The agreement of the people; None for fewer than two. Spans must lie within their fields."""
    if len(people) < 2:  # noqa: PLR2004 - a pair
        return None
    marked = any(person.spans for person in people)
    spans = [person.spans for person in people]
    return Agreement(
        _spans(people, fields) if marked else None,
        _choices(people),
        mean_pairwise(exact_f1, spans) if marked else None,
        mean_pairwise(overlap_f1, spans) if marked else None,
    )


def _spans(people: Sequence[Contribution], fields: Sequence[FieldShape]) -> float | None:
    starts = dict(
        zip((it.path for it in fields), accumulate((it.length for it in fields), initial=0), strict=False)
    )
    return unitizing_alpha([_marks(person, starts) for person in people], sum(shape.length for shape in fields))


def _marks(person: Contribution, starts: dict[str, int]) -> dict[str, list[Bounds]]:
    marks: dict[str, list[Bounds]] = {}
    for span in person.spans:
        at = starts[span.field]
        marks.setdefault(span.label, []).append((at + span.start, at + span.end))
    return marks


def _choices(people: Sequence[Contribution]) -> float | None:
    names = sorted({name for person in people for name in person.choices})
    shares = [agreeing_pairs([person.choices.get(name, "") for person in people]) for name in names]
    return sum(shares) / len(shares) if shares else None
