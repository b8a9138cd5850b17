from __future__ import annotations

import numpy as np
import pytest

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.features import Rows
from streams.redact.detect.lexicon import add_slots
from streams.redact.detect.tagger import LAYERS, STEPS, WIDTH, Tagger


@pytest.fixture
def tagger() -> Tagger:
    random = np.random.default_rng(5)

    def numbers(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.2).astype(np.float16).astype(np.float32)

    slots, ids = np.zeros(16, np.uint32), np.zeros(16, np.uint16)
    ids[add_slots(slots, np.array([7 << 32, 9 << 32], np.uint64))] = [1, 2]
    bins = random.integers(0, 50, (COLUMNS, 256)).astype(np.uint16)
    return Tagger(
        bins, numbers(50, WIDTH), slots, ids, numbers(3, WIDTH), numbers(LAYERS, 3, WIDTH, WIDTH),
        numbers(LAYERS + 1, WIDTH), numbers(WIDTH), numbers(1),
    )  # fmt: skip


def text_rows(random: np.random.Generator, lengths: list[int]) -> Rows:
    values = np.zeros((sum(lengths) + REACH * (len(lengths) + 1), COLUMNS), np.uint8)
    at: list[int] = []
    for length in lengths:
        first = (at[-1] + 1 if at else 0) + REACH
        at += range(first, first + length)
    values[at] = random.integers(0, 256, (len(at), COLUMNS))
    return Rows(values, np.array(at, np.int32))


def reference(tagger: Tagger, rows: Rows, ids: np.ndarray) -> np.ndarray:
    level = np.zeros((rows.values.shape[0], WIDTH))
    picked = tagger.columns[tagger.bins[np.arange(COLUMNS), rows.values[rows.at]]].sum(axis=1)
    level[rows.at] = np.maximum(picked + tagger.words[ids] + tagger.shifts[0], 0)
    for layer, step in enumerate(STEPS):
        inner = np.tile(tagger.shifts[layer + 1].astype(float), (level.shape[0], 1))
        for tap in range(3):
            inner[rows.at] += level[rows.at + (tap - 1) * step] @ tagger.taps[layer, tap]
        above = np.zeros_like(level)
        above[rows.at] = (np.maximum(inner, 0) + level)[rows.at]
        level = above
    return level[rows.at] @ tagger.out + tagger.out_shift


def test_odds_are_those_of_the_network_written_in_matrices(tagger):
    rows = text_rows(np.random.default_rng(1), [4, 1, 9])
    keys = np.array([(7, 9, 11)[index % 3] << 32 for index in range(14)], np.uint64)
    ids = np.array([(1, 2, 0)[index % 3] for index in range(14)])
    assert np.allclose(tagger.odds(rows, keys), reference(tagger, rows, ids), atol=1e-3)


def test_a_text_has_the_same_odds_alone_and_in_a_batch(tagger):
    rows = text_rows(np.random.default_rng(2), [5, 3])
    keys = np.zeros(8, np.uint64)
    alone = Rows(rows.values[REACH + 5 :], (rows.at[5:] - REACH - 5).astype(np.int32))
    assert (tagger.odds(rows, keys)[5:] == tagger.odds(alone, keys[5:])).all()


def test_stored_tagger_is_the_same_tagger(tagger):
    rows = text_rows(np.random.default_rng(3), [6])
    keys = np.zeros(6, np.uint64)
    again = Tagger.stored(tagger.arrays("t"), "t")
    assert (tagger.odds(rows, keys) == again.odds(rows, keys)).all()
