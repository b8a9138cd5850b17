"""A small convolutional network over the same rows as the trees: what stands around a word says what it is.

Each column of a word's row, and the word itself where it is a frequent one, adds a vector; three layers look at
neighbours at growing distance (five words on either side in all). Sums run in a fixed order, so that a text gives
the same bits alone and in any batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.features import Rows
from streams.redact.detect.lexicon import find_slots
from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes, Hashes, Ints

Floats = NDArray[np.float32]
WIDTH = 32  # numbers in a word's vector
STEPS = (1, 2, 2)  # distance of the neighbours that each layer looks at; at most `columns.REACH`
LAYERS = len(STEPS)
DOUBT = 0.02  # what its targets keep away from 0 and 1: a network sure of itself would outvote the trees
_BLOCK = 256  # rows whose vectors stay in the fastest cache


@dataclass(frozen=True, slots=True, repr=False)
class Tagger:
    """bins `[COLUMNS, 256]`: which vector of `columns` a value adds.

    word_slots: a table of hashes (`lexicon.py`) of frequent words; word_ids: which vector of `words` each slot
    adds, 0 for all others. taps `[LAYERS, 3, WIDTH, WIDTH]`, shifts `[LAYERS + 1, WIDTH]`; out `[WIDTH]` and
    out_shift `[1]` give the log-odds that a word is sensitive.
    """

    bins: NDArray[np.uint16]
    columns: Floats
    word_slots: NDArray[np.uint32]
    word_ids: NDArray[np.uint16]
    words: Floats
    taps: Floats
    shifts: Floats
    out: Floats
    out_shift: Floats

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """For storing: `<name>.bins` and so on; vectors at half precision, half the size for the same quality."""
        parts = {f"{name}.{field.name}": getattr(self, field.name) for field in fields(self)}
        return {key: part.astype(np.float16) if part.dtype == np.float32 else part for key, part in parts.items()}

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> Tagger:
        """What `arrays` gave."""
        parts: list[Any] = [arrays[f"{name}.{field.name}"] for field in fields(cls)]
        return cls(*(part.astype(np.float32) if part.dtype == np.float16 else part for part in parts))

    def odds(self, rows: Rows, keys: Hashes) -> Floats:
        """Log-odds of each word to be sensitive; `keys` are the words' hashes."""
        ids = self.word_ids[find_slots(self.word_slots, keys)]
        # `[WIDTH, rows]`: the loop that runs through rows is the innermost, which the compiler makes vectors of.
        below = _picked(
            rows.values, rows.at, ids, self.bins, self.columns.reshape(-1), self.words.reshape(-1), self.shifts
        )
        above = np.zeros_like(below)
        for layer, step in enumerate(STEPS):
            _convolve(below, step, self.taps[layer], self.shifts[layer + 1], above)
            _carry(rows.at, below, above)
            below, above = above, below
        return _read(rows.at, below, self.out, self.out_shift)


@native
def _picked(
    values: Bytes, at: Ints, ids: NDArray[np.uint16], bins: NDArray[np.uint16], columns: Floats, words: Floats,
    shifts: Floats,
) -> Floats:  # fmt: skip
    """The lowest level: the sum of the vectors that the columns and the word pick."""
    level = np.zeros((WIDTH, values.shape[0]), np.float32)
    total = np.empty(WIDTH, np.float32)
    for index in range(at.size):
        row, first = np.uint64(at[index]), np.uint64(ids[index]) * np.uint64(WIDTH)
        for number in range(np.uint64(WIDTH)):
            total[number] = shifts[0, number] + words[first + number]
        for column in range(np.uint64(COLUMNS)):
            first = np.uint64(bins[column, values[row, column]]) * np.uint64(WIDTH)
            for number in range(np.uint64(WIDTH)):
                total[number] += columns[first + number]
        for number in range(np.uint64(WIDTH)):
            level[number, row] = max(total[number], np.float32(0))
    return level


@native
def _convolve(below: Floats, step: int, taps: Floats, shift: Floats, above: Floats) -> None:
    """What each row and its two neighbours `step` rows away make together; nothing below 0."""
    rows = below.shape[1]
    total = np.empty(_BLOCK, np.float32)
    for first in range(REACH, rows - REACH, _BLOCK):
        size = np.uint64(min(_BLOCK, rows - REACH - first))
        for target in range(WIDTH):
            total[:] = shift[target]
            for tap in range(3):
                begin = np.uint64(first + (tap - 1) * step)
                for source in range(0, WIDTH, 4):
                    w0, w1 = taps[tap, source, target], taps[tap, source + 1, target]
                    w2, w3 = taps[tap, source + 2, target], taps[tap, source + 3, target]
                    for place in range(size):
                        row = begin + place
                        total[place] += (
                            w0 * below[source, row] + w1 * below[source + 1, row]
                            + w2 * below[source + 2, row] + w3 * below[source + 3, row]
                        )  # fmt: skip
            for place in range(size):
                above[target, np.uint64(first) + place] = max(total[place], np.float32(0))


@native
def _carry(at: Ints, below: Floats, above: Floats) -> None:
    """Add what lies below to the rows of words; rows between texts stay empty, so that no text sees another."""
    for number in range(WIDTH):
        after = 0
        for index in range(at.size):
            for row in range(after, at[index]):
                above[number, row] = 0
            above[number, at[index]] += below[number, at[index]]
            after = at[index] + 1
        for row in range(after, above.shape[1]):
            above[number, row] = 0


@native
def _read(at: Ints, level: Floats, out: Floats, out_shift: Floats) -> Floats:
    odds = np.full(at.size, out_shift[0])
    for number in range(WIDTH):
        for index in range(at.size):
            odds[index] += out[number] * level[number, np.uint64(at[index])]
    return odds
