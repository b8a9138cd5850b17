"""Gradient-boosted trees over windows of features, evaluated for 64 words at once.

Grown by LightGBM when the classifier is trained (`streams/redact/training`). A condition ("this byte of the window
is greater than that") is one 64-bit integer, a bit for each word of a block; so is the set of words that reaches a
node. A node costs two ANDs for 64 words: 5 times as fast (1.5 against 8.5 µs a word for 200 trees of 31 leaves,
measured 2026-11-25) as following each word down each tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes, Ints

Floats = NDArray[np.float32]
Sets = NDArray[np.uint64]
LEAVES = 32  # most leaves a tree may have
WINDOW = (2 * REACH + 1) * COLUMNS  # bytes of the consecutive rows around a word
_BLOCK = 64
_BACK = REACH * COLUMNS
_ONE = np.uint64(1)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # finds the lowest set bit by one multiplication


def _bit_places() -> Bytes:
    places = np.zeros(64, np.uint8)
    for bit in range(64):
        places[((1 << bit) * int(_DE_BRUIJN) >> 58) & 63] = bit
    return places


_PLACES = _bit_places()


@dataclass(frozen=True, slots=True, repr=False)
class Forest:
    """Trees of one or more classes; tree `i` adds to class `i % classes`.

    used `[k]`: bytes of the window that are looked at. bins `[k, 256]`: how many conditions on it a value meets,
    of those numbered `base[k]` to `base[k + 1]`, which rise. first `[trees + 1]`: each tree's nodes, parents
    first; when `[nodes]`: the condition; down `[nodes, 2]`: where words go that fail and meet it, a node of the
    tree, or `LEAVES` and more for a leaf; leaf `[trees, LEAVES]`: what it adds. classes `[1]`.
    """

    used: Ints
    bins: Bytes
    base: Ints
    first: Ints
    when: Ints
    down: Bytes
    leaf: Floats
    classes: Ints

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """For storing: `<name>.used` and so on."""
        return {f"{name}.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def stored(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> Forest:
        """What `arrays` gave."""
        return cls(*(np.ascontiguousarray(arrays[f"{name}.{field.name}"]) for field in fields(cls)))

    def scores(self, rows: Bytes, chosen: Ints) -> Floats:
        """Sums of leaves `[classes, words]` for the words whose rows are `chosen`.

        Trees add in their order, so that a word gets the same bits alone and in any batch.
        """
        sums = np.zeros((int(self.classes[0]), chosen.size), np.float32)
        _sum_leaves(
            self.used,
            self.bins,
            self.base,
            self.first,
            self.when,
            self.down,
            self.leaf,
            rows.reshape(-1),
            chosen,
            sums,
        )
        return sums


@native
def _sum_leaves(
    used: Ints, bins: Bytes, base: Ints, first: Ints, when: Ints, down: Bytes, leaf: Floats,
    values: Bytes, chosen: Ints, sums: Floats,
) -> None:  # fmt: skip
    # Indices are unsigned throughout: numba looks at the sign of others each time, which doubles the cost.
    met = np.zeros(base[-1] + 1, np.uint64)
    sets = np.zeros(2 * LEAVES, np.uint64)
    for begin in range(0, chosen.size, _BLOCK):
        block = chosen[begin : begin + _BLOCK]
        _meet(used, bins, base, values, block, met)
        everyone = ~np.uint64(0) >> np.uint64(_BLOCK - block.size)
        for tree in range(first.size - 1):
            root, end = np.uint64(first[tree]), np.uint64(first[tree + 1])
            sets[0] = sets[LEAVES] = everyone
            for node in range(root, end):
                here, condition = sets[node - root], met[np.uint64(when[node])]
                sets[np.uint64(down[node, 0])] = here & ~condition
                sets[np.uint64(down[node, 1])] = here & condition
            row = sums[tree % sums.shape[0]]
            for number in range(end - root + _ONE):
                words = sets[np.uint64(LEAVES) + number]
                value = leaf[tree, number]
                while words:
                    place = _PLACES[((words & (~words + _ONE)) * _DE_BRUIJN) >> np.uint64(58)]
                    row[np.uint64(begin) + np.uint64(place)] += value
                    words &= words - _ONE


@native
def _meet(used: Ints, bins: Bytes, base: Ints, values: Bytes, block: Ints, met: Sets) -> None:
    """For each condition the words of the block that meet it."""
    for number in range(used.size):
        low, high = np.uint64(base[number]), np.uint64(base[number + 1])
        for place in range(low, high + _ONE):
            met[place] = 0
        offset, bin_of = np.int64(used[number]) - _BACK, bins[number]
        for word in range(block.size):
            value = values[np.uint64(np.int64(block[word]) * COLUMNS + offset)]
            met[low + np.uint64(bin_of[value])] |= _ONE << np.uint64(word)
        # A word that meets k conditions stands at place k: move down, then who meets more meets the lower too.
        for place in range(low, high):
            met[place] = met[place + _ONE]
        for step in range(np.uint64(2), high - low + _ONE):
            met[high - step] |= met[high - step + _ONE]
