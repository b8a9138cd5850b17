"""Trains the network of `detect/tagger.py` by gradient descent, written out: three layers need no framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.lexicon import add_slots, find_slots
from streams.redact.detect.native import native
from streams.redact.detect.tagger import DOUBT, LAYERS, STEPS, WIDTH, Tagger
from streams.redact.training.matrix import Matrix

Floats = NDArray[np.float32]
Parameters = dict[str, Floats]
WORDS = 800  # frequent words that get a vector of their own
LEAST_SEEN = 60  # times in the training texts
WORD_SLOTS = 1 << 13
BINS = 14  # of a column whose values are amounts
EPOCHS = 7
BATCH = 4096  # words
RATE = 0.003  # of Adam, falling to a twentieth
FORGOTTEN = 0.25  # share of words whose own vector is left out, so that context has to do
DROPPED = 0.1  # share of columns left out of a row, for the same reason
_AMOUNTS = frozenset(
    (
        known.ZIPF, known.ZIPF_ELSEWHERE, known.ZIPF_MEAN, known.LANGUAGES, known.GIVEN, known.FAMILY, known.CITY,
        known.CITY_PART, known.JOB, of.LIKE_PERSON, of.LIKE_PLACE, of.PLACE, of.LINE, of.TEXT_CAPITALS,
        of.TEXT_UPPER, of.TEXT_WORDS, of.SENTENCE_CAPITALS,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class _Inputs:
    """What never changes while learning: for each row of the matrix its vectors' numbers, target and weight."""

    picks: NDArray[np.int32]  # [rows, COLUMNS]
    ids: NDArray[np.int32]  # [rows]
    valid: Floats  # [rows, 1]: 1 for words, 0 for the gaps between texts
    wanted: Floats
    weights: Floats
    texts: NDArray[np.int64]  # first row of each text's gap, and the end


def learn_tagger(matrix: Matrix, seed: int) -> Tagger:
    """A tagger for `matrix`. Deterministic for a seed on one machine; minutes on one core."""
    bins, count = _bins(matrix)
    slots, ids = _frequent(matrix)
    inputs = _inputs(matrix, bins, ids[find_slots(slots, matrix.tokens.key)])
    random = np.random.default_rng(seed)
    parameters = _start(random, count, int(ids.max()) + 1)
    adam = _Adam(parameters)
    total = EPOCHS * sum(1 for _ in _batches(inputs, np.random.default_rng(seed)))
    for epoch in range(EPOCHS):
        for batch in _batches(inputs, np.random.default_rng(seed + epoch)):
            gradients = _gradients(parameters, inputs, batch, random)
            adam.step(gradients, RATE * max(0.05, 1 - adam.steps / total))
    return Tagger(bins.astype(np.uint16), word_slots=slots, word_ids=ids.astype(np.uint16), **parameters)


def _bins(matrix: Matrix) -> tuple[NDArray[np.int32], int]:
    """Which vector each value of each column adds: amounts in bins of equal frequency, others one by one."""
    values = matrix.rows.values[matrix.rows.at]
    bins = np.zeros((COLUMNS, 256), np.int32)
    count = 0
    for column in range(COLUMNS):
        seen = np.unique(values[:, column])
        if column in _AMOUNTS:
            above = values[values[:, column] > 0, column]
            seen = (
                np.unique(np.quantile(above, np.linspace(0, 1, BINS)).astype(np.int64)) if above.size else seen[:0]
            )
            seen = np.concatenate([[0], seen])
        bins[column] = count + np.maximum(np.searchsorted(seen, np.arange(256), side="right") - 1, 0)
        count += len(seen)
    return bins, count


def _frequent(matrix: Matrix) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """A table of words that are frequent and mostly not sensitive; others must be judged by what they are like."""
    keys, place, counts = np.unique(matrix.tokens.key, return_inverse=True, return_counts=True)
    sensitive = np.bincount(place, matrix.classes > 0)
    chosen = np.flatnonzero((counts >= LEAST_SEEN) & (sensitive < counts / 2))
    chosen = np.sort(chosen[np.argsort(-counts[chosen], kind="stable")][:WORDS])
    slots = np.zeros(WORD_SLOTS, np.uint32)
    ids = np.zeros(WORD_SLOTS, np.int32)
    ids[add_slots(slots, keys[chosen])] = np.arange(1, chosen.size + 1)
    return slots, ids


def _inputs(matrix: Matrix, bins: NDArray[np.int32], words: NDArray[np.int32]) -> _Inputs:
    rows, at = matrix.rows.values, matrix.rows.at
    size = rows.shape[0]
    ids, valid = np.zeros(size, np.int32), np.zeros((size, 1), np.float32)
    wanted, weights = np.zeros(size, np.float32), np.zeros(size, np.float32)
    ids[at], valid[at], wanted[at], weights[at] = words, 1, matrix.classes > 0, matrix.weights
    texts = matrix.tokens.bounds.size - 1
    lengths = np.bincount(matrix.tokens.text, minlength=texts) + REACH
    return _Inputs(
        bins[np.arange(COLUMNS), rows].astype(np.int32), ids, valid, wanted, weights, np.cumsum([0, *lengths])
    )


def _batches(inputs: _Inputs, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Rows of whole texts with the gap before each and one after the last, about `BATCH` words."""
    gap = np.arange(REACH)
    rows: list[NDArray[np.int64]] = []
    size = 0
    for text in random.permutation(inputs.texts.size - 1):
        part = np.arange(inputs.texts[text], inputs.texts[text + 1])
        rows.append(part)
        size += part.size
        if size >= BATCH:
            yield np.concatenate([*rows, gap])
            rows, size = [], 0


def _start(random: np.random.Generator, columns: int, words: int) -> Parameters:
    def spread(scale: float, *shape: int) -> Floats:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    return {
        "columns": spread(0.1, columns, WIDTH),
        "words": spread(0.01, words, WIDTH),
        "taps": spread((2 / (3 * WIDTH)) ** 0.5 / 2, LAYERS, 3, WIDTH, WIDTH),
        "shifts": np.zeros((LAYERS + 1, WIDTH), np.float32),
        "out": spread(0.1, WIDTH),
        "out_shift": np.full(1, -1, np.float32),
    }


def _gradients(
    now: Parameters, inputs: _Inputs, rows: NDArray[np.int64], random: np.random.Generator
) -> Parameters:
    """Gradients of the weighted log loss over these rows."""
    picks, valid = inputs.picks[rows], inputs.valid[rows]
    ids = inputs.ids[rows] * (random.random(rows.size) >= FORGOTTEN)
    kept = (random.random(picks.shape) >= DROPPED).astype(np.float32) / np.float32(1 - DROPPED)
    levels = [np.maximum(_picked(picks, kept, now["columns"]) + now["words"][ids] + now["shifts"][0], 0) * valid]
    for layer, step in enumerate(STEPS):
        inner = _convolved(levels[-1], now["taps"][layer], step) + now["shifts"][layer + 1]
        levels.append((np.maximum(inner, 0) + levels[-1]) * valid)
    share = 1 / (1 + np.exp(-(levels[-1] @ now["out"] + now["out_shift"])))
    weights = inputs.weights[rows]
    wanted = DOUBT + (1 - 2 * DOUBT) * inputs.wanted[rows]
    slope = (share - wanted) * weights / weights.sum()
    result = {name: np.zeros_like(part) for name, part in now.items()}
    result["out"], result["out_shift"][0] = levels[-1].T @ slope, slope.sum()
    back = np.outer(slope, now["out"]) * valid
    for layer in reversed(range(LAYERS)):
        inner = back * (levels[layer + 1] > levels[layer])
        result["shifts"][layer + 1] = inner.sum(axis=0)
        back = (
            back + _convolved_back(levels[layer], inner, now["taps"][layer], STEPS[layer], result["taps"][layer])
        ) * valid
    back *= levels[0] > 0
    result["shifts"][0] = back.sum(axis=0)
    _scatter(picks, kept, ids.astype(np.int32), back.astype(np.float32), result["columns"], result["words"])
    return result


def _moved(level: Floats, by: int) -> Floats:
    """Row `i` of the result is row `i + by`, or zeros."""
    result = np.zeros_like(level)
    if by > 0:
        result[:-by] = level[by:]
    elif by < 0:
        result[-by:] = level[:by]
    else:
        result[:] = level
    return result


def _convolved(level: Floats, taps: Floats, step: int) -> Floats:
    return sum((_moved(level, (tap - 1) * step) @ taps[tap] for tap in range(3)), np.zeros_like(level))


def _convolved_back(level: Floats, slope: Floats, taps: Floats, step: int, into: Floats) -> Floats:
    """The slope at the level below; the taps' own gradients are written to `into`."""
    result = np.zeros_like(level)
    for tap in range(3):
        into[tap] = _moved(level, (tap - 1) * step).T @ slope
        result += _moved(slope @ taps[tap].T, (1 - tap) * step)
    return result


@native
def _picked(picks: NDArray[np.int32], kept: Floats, columns: Floats) -> Floats:
    result = np.zeros((picks.shape[0], WIDTH), np.float32)
    for row in range(picks.shape[0]):
        for column in range(picks.shape[1]):
            for number in range(WIDTH):
                result[row, number] += kept[row, column] * columns[picks[row, column], number]
    return result


@native
def _scatter(
    picks: NDArray[np.int32], kept: Floats, ids: NDArray[np.int32], slope: Floats, columns: Floats, words: Floats
) -> None:
    for row in range(picks.shape[0]):
        for number in range(WIDTH):
            words[ids[row], number] += slope[row, number]
        for column in range(picks.shape[1]):
            for number in range(WIDTH):
                columns[picks[row, column], number] += kept[row, column] * slope[row, number]


class _Adam:
    """Kingma and Ba, "Adam", 2015, with their constants."""

    def __init__(self, parameters: Parameters) -> None:
        self._now = parameters
        self._first = {name: np.zeros_like(part) for name, part in parameters.items()}
        self._second = {name: np.zeros_like(part) for name, part in parameters.items()}
        self.steps = 0

    def step(self, gradients: Parameters, rate: float) -> None:
        """Move the parameters, in place."""
        self.steps += 1
        for name, slope in gradients.items():
            first, second = self._first[name], self._second[name]
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            mean, spread = first / (1 - 0.9**self.steps), second / (1 - 0.999**self.steps)
            self._now[name] -= (rate * mean / (np.sqrt(spread) + 1e-8)).astype(np.float32)
