"""Krippendorff's alpha for unitizing: whether people mark the same stretches of a continuum, and name them alike.

Sources: K. Krippendorff, "On the reliability of unitizing continuous data", Sociological Methodology 25 (1995);
formulas as corrected in his "Content Analysis", 2nd edition (2004), section 11.6. For each category a person's
marks part the continuum into units and gaps. Two sections that meet differ by

- two units: the square of the distance of their starts, and of their ends;
- a unit within a gap: the square of the unit's length;
- anything else: nothing (its parts meet other sections, which count).

Expected is the same difference between all sections wherever they may lie. Linear in the number of marks, but for
sorting. Pure; lengths are code points, ends are exclusive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

Bounds = tuple[int, int]
Marks = Mapping[str, Sequence[Bounds]]
"""One person's marks by category. Those that overlap within a category count as one."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Of one category: what was observed, and what chance would give. Shares of the squared continuum."""

    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class _Section:
    start: int
    end: int
    unit: bool

    @property
    def length(self) -> int:
        return self.end - self.start


def unitizing_alpha(people: Sequence[Marks], length: int) -> float | None:
    """Alpha over all categories (sums of disagreements), for a continuum from 0 to `length`.

    1 is full agreement, 0 chance, below 0 worse. None where it is not defined: fewer than two people, no mark at
    all, or no room for chance to do worse.
    """
    categories = sorted({category for marks in people for category, bounds in marks.items() if bounds})
    if len(people) < 2 or length < 1:  # noqa: PLR2004 - a pair
        return None
    found = [disagreement([marks.get(category, ()) for marks in people], length) for category in categories]
    expected = sum(one.expected for one in found)
    return 1 - sum(one.observed for one in found) / expected if expected > 0 else None


def disagreement(people: Sequence[Sequence[Bounds]], length: int) -> Disagreement:
    """The disagreement of at least two people on one category."""
    parts = [_sections(bounds, length) for bounds in people]
    observed = sum(
        _differences(one, other) for at, one in enumerate(parts) for other in parts[at + 1 :]
    )  # each pair once: the formula counts it twice, and divides by m (m - 1)
    pairs = len(people) * (len(people) - 1) / 2
    return Disagreement(observed / (pairs * length**2), _expected(parts, length))


def _sections(bounds: Iterable[Bounds], length: int) -> list[_Section]:
    """Units and the gaps between them, from 0 to `length`."""
    sections: list[_Section] = []
    at = 0
    for start, end in _joined(bounds):
        if start > at:
            sections.append(_Section(at, start, unit=False))
        sections.append(_Section(start, end, unit=True))
        at = end
    if at < length:
        sections.append(_Section(at, length, unit=False))
    return sections


def _joined(bounds: Iterable[Bounds]) -> list[Bounds]:
    joined: list[Bounds] = []
    for start, end in sorted(set(bounds)):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _differences(one: Sequence[_Section], other: Sequence[_Section]) -> int:
    """The sum over all pairs of sections that meet, found by walking along both."""
    total = left = right = 0
    while left < len(one) and right < len(other):
        total += _difference(one[left], other[right])
        ends = one[left].end, other[right].end
        left += ends[0] <= ends[1]
        right += ends[1] <= ends[0]
    return total


def _difference(one: _Section, other: _Section) -> int:
    if one.unit and other.unit:
        return (one.start - other.start) ** 2 + (one.end - other.end) ** 2
    if one.unit == other.unit:
        return 0
    unit, gap = (one, other) if one.unit else (other, one)
    return unit.length**2 if gap.start <= unit.start and unit.end <= gap.end else 0


def _expected(parts: Sequence[Sequence[_Section]], length: int) -> float:
    units = [section.length for sections in parts for section in sections if section.unit]
    gaps = sorted(section.length for sections in parts for section in sections if not section.unit)
    longer = [0, *accumulate(reversed(gaps))]
    """`longer[n]` is the length of the n longest gaps together."""
    total = 0.0
    for unit in units:
        fitting = len(gaps) - bisect_left(gaps, unit)
        total += (len(units) - 1) / 3 * (2 * unit**3 - 3 * unit**2 + unit)
        total += unit**2 * (longer[fitting] - fitting * (unit - 1))
    whole = len(parts) * length
    chances = whole * (whole - 1) - sum(unit * (unit - 1) for unit in units)
    return 2 / length * total / chances if chances else 0.0
