"""How much a word looks like a person's or a place's name, by its groups of two to four letters.

Logistic regression over hashed groups, learned from the lexicon itself; it serves words that no list holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import lexicon as column
from streams.redact.detect.letters import GROUPS, SCALE, group_places
from streams.redact.detect.native import native

ROUNDS = 6
RATE = 0.15
DECAY = 0.9999995


def learn_groups(words: list[str], rows: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Weights in `[GROUPS, 2]`: person, place, each against common words."""
    single = np.array([word.isalpha() and len(word) > 2 for word in words])  # noqa: PLR2004 - shorter tell nothing
    common = rows[:, column.COMMON].astype(int)
    person = np.maximum(rows[:, column.GIVEN], rows[:, column.FAMILY]).astype(int)
    place = rows[:, column.CITY].astype(int)
    wanted = np.stack([(person > 0) & (common < 5), (place > 0) & (common < 5)], axis=1)  # noqa: PLR2004
    usual = (common >= 2) & (person < 90) & (place < 90)  # noqa: PLR2004 - few bearers, few inhabitants
    weights = np.zeros((GROUPS, 2), np.float32)
    random = np.random.default_rng(4)
    for kind in range(2):
        chosen = np.flatnonzero(single & (wanted[:, kind] | usual))
        for _ in range(ROUNDS):
            random.shuffle(chosen)
            _learn(*_joined([words[index] for index in chosen]), wanted[chosen, kind], weights[:, kind])
    return np.clip(np.round(weights * SCALE), -127, 127).astype(np.int8)


def _joined(words: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    lengths = np.array([0, *map(len, words)])
    return np.frombuffer("".join(words).encode("ascii"), np.uint8), np.cumsum(lengths)


@native
def _learn(
    data: NDArray[np.uint8], bounds: NDArray[np.int64], wanted: NDArray[np.bool_], weights: NDArray[np.float32]
) -> None:
    places = np.empty(400, np.int64)
    for index in range(bounds.size - 1):
        count = group_places(data, bounds[index], bounds[index + 1], places)
        total = np.float32(0)
        for number in range(count):
            total += weights[places[number]]
        share = 1 / (1 + np.exp(-total))
        step = RATE * (np.float32(wanted[index]) - share) / count**0.5
        for number in range(count):
            weights[places[number]] = (weights[places[number]] + step) * DECAY
