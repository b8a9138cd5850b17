"""Kappa: agreement beyond chance of two people (Cohen) and of any number of people (Fleiss).

Sources: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
(1960); J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def cohen_kappa(answers: Sequence[tuple[str, str]]) -> float | None:
    """Kappa of two people who answered the same items, each with chances of their own. One pair an item.

    None where it is not defined: there is no item, or both gave one and the same answer throughout.
    """
    items = len(answers)
    one, other = Counter(pair[0] for pair in answers), Counter(pair[1] for pair in answers)
    observed = sum(left == right for left, right in answers) * items
    chance = sum(count * other[answer] for answer, count in one.items())
    return (observed - chance) / (items**2 - chance) if items**2 != chance else None


def agreeing_pairs(answers: Sequence[str]) -> float:
    """The share of pairs of people who gave one item the same answer (Fleiss 1971, formula 2).

    Raises ValueError for fewer than two people.
    """
    people = len(answers)
    if people < 2:  # noqa: PLR2004 - a pair
        raise ValueError("agreement is between two people at least")
    return sum(count * (count - 1) for count in Counter(answers).values()) / (people * (people - 1))


def fleiss_kappa(items: Sequence[Sequence[str]]) -> float | None:
    """Kappa of items that were answered by equally many people, two at least, not necessarily the same.

    None where it is not defined: there is no item, or one and the same answer throughout. Raises ValueError where
    the items have different numbers of answers.
    """
    if len({len(item) for item in items}) > 1:
        raise ValueError("Fleiss' kappa wants equally many answers an item; alpha takes what is there")
    totals = Counter(answer for item in items for answer in item)
    chance = sum(count**2 for count in totals.values()) / max(1, totals.total()) ** 2
    if not items or len(totals) == 1:
        return None
    observed = sum(map(agreeing_pairs, items)) / len(items)
    return (observed - chance) / (1 - chance)
