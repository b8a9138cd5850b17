"""Who is how often wrong, and what is true then: the EM algorithm of Dawid and Skene.

Source: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm", Applied Statistics 28 (1979). Each item has one true class; each person gives class l to an item of
class j with a probability of their own. By turns the rates follow from the chances of each item's classes
(formulas 2.3, 2.4) and the chances from the rates (2.5), beginning with the share of answers (3.1).

What is known beforehand enters as counts that are added to those of the items (a Dirichlet prior); without any
this is the published algorithm. Pure: no randomness, sums in a fixed order, at most `limit` rounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Item = Mapping[str, Sequence[str]]
"""The answers to one item by person; several where a person was asked more than once."""
Chances = dict[str, float]
"""A probability for each class."""
Rates = dict[str, Chances]
"""Of one person: for each true class, how often each class is answered."""

LIMIT = 200
"""Rounds, so that a verdict has an end."""
TOLERANCE = 1e-6
"""No chance of any item moves by more than this in the last round."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Counts known beforehand: of true classes; of each person's answers by (true class, answer)."""

    classes: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """What the items' chances rest on: how common each class is, and each person's rates."""

    classes: Chances
    rates: dict[str, Rates]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The chances of each item's classes, in the order of the items, and what they rest on."""

    items: tuple[Chances, ...]
    model: Model
    rounds: int


def estimate(
    items: Sequence[Item], classes: Sequence[str], prior: Prior | None = None, limit: int = LIMIT
) -> Estimate:
    """Chances and rates of at least one item. Every item has an answer, every answer is one of `classes`.

    Raises ValueError where that does not hold.
    """
    if not items or not all(_fits(item, classes) for item in items):
        raise ValueError("each item needs an answer, and each answer is one of the classes")
    prior = prior or Prior()
    chances = [_shares(item, classes) for item in items]
    rounds, moved = 0, math.inf
    model = _maximized(items, chances, classes, prior)
    while moved > TOLERANCE and rounds < limit:
        before, chances = chances, [_expected(item, classes, model) for item in items]
        model = _maximized(items, chances, classes, prior)
        moved = max(abs(new[one] - old[one]) for old, new in zip(before, chances, strict=True) for one in classes)
        rounds += 1
    return Estimate(tuple(chances), model, rounds)


def _fits(item: Item, classes: Sequence[str]) -> bool:
    answers = [answer for given in item.values() for answer in given]
    return bool(answers) and set(answers) <= set(classes)


def _shares(item: Item, classes: Sequence[str]) -> Chances:
    answers = [answer for given in item.values() for answer in given]
    return {one: answers.count(one) / len(answers) for one in classes}


def _maximized(items: Sequence[Item], chances: Sequence[Chances], classes: Sequence[str], prior: Prior) -> Model:
    counts = {one: prior.classes.get(one, 0.0) + sum(chance[one] for chance in chances) for one in classes}
    people = sorted({person for item in items for person in item})
    return Model(_normal(counts), {person: _rates(person, items, chances, classes, prior) for person in people})


def _rates(
    person: str, items: Sequence[Item], chances: Sequence[Chances], classes: Sequence[str], prior: Prior
) -> Rates:
    known = prior.answers.get(person, {})
    counts = {truth: {answer: known.get((truth, answer), 0.0) for answer in classes} for truth in classes}
    for item, chance in zip(items, chances, strict=True):
        for answer in item.get(person, ()):
            for truth in classes:
                counts[truth][answer] += chance[truth]
    return {truth: _normal(row) for truth, row in counts.items()}


def _expected(item: Item, classes: Sequence[str], model: Model) -> Chances:
    """By logarithms: a product over many answers would run out of digits."""
    logs = {truth: _log(model.classes[truth]) + _log_likelihood(item, truth, model) for truth in classes}
    most = max(logs.values())
    return _normal({truth: math.exp(log - most) for truth, log in logs.items()})


def _log_likelihood(item: Item, truth: str, model: Model) -> float:
    return sum(_log(model.rates[person][truth][answer]) for person in sorted(item) for answer in item[person])


def _log(chance: float) -> float:
    return math.log(chance) if chance > 0 else -math.inf


def _normal(counts: Mapping[str, float]) -> Chances:
    total = sum(counts.values())
    return {one: count / total if total > 0 else 0.0 for one, count in counts.items()}
