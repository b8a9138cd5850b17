"""Krippendorff's alpha for nominal data, with missing answers.

Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section D: a matrix of coincidences
of the answers to one unit, each pair weighted by one less than the number of answers the unit has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def nominal_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Alpha of the answers given to each unit; who gave none is left out, and so is a unit with one answer.

    1 is full agreement, 0 what chance alone would give, below 0 worse than chance. None where it is not defined:
    nothing can be paired, or there is only one answer in all data, so that chance could not do worse.
    """
    pairable = [Counter(unit) for unit in units if len(unit) > 1]
    totals = sum(pairable, Counter[str]())
    everything = totals.total()
    expected = everything**2 - sum(count**2 for count in totals.values())
    if expected == 0:
        return None
    observed = sum(_disagreeing(unit) for unit in pairable)
    return 1 - (everything - 1) * observed / expected


def _disagreeing(unit: Counter[str]) -> float:
    size = unit.total()
    return (size**2 - sum(count**2 for count in unit.values())) / (size - 1)
