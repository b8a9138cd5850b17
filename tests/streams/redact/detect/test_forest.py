from __future__ import annotations

import numpy as np
import pytest

from streams.redact.detect.columns import COLUMNS, REACH
from streams.redact.detect.forest import LEAVES, WINDOW, Forest
from streams.redact.training.grow import flatten, grow


def plain(node: dict, window: np.ndarray) -> float:
    while "leaf_value" not in node:
        fails = window[node["split_feature"]] <= node["threshold"]
        node = node["left_child"] if fails else node["right_child"]
    return node["leaf_value"]


def random_tree(random: np.random.Generator, leaves: int) -> dict:
    if leaves == 1:
        return {"leaf_value": float(random.standard_normal())}
    left = int(random.integers(1, leaves))
    return {
        "split_feature": int(random.integers(0, WINDOW)),
        "threshold": float(random.integers(0, 255)),
        "left_child": random_tree(random, left),
        "right_child": random_tree(random, leaves - left),
    }


class Dumped:
    """What LightGBM gives when asked for its model."""

    def __init__(self, trees: list[dict], classes: int) -> None:
        self._model = {
            "tree_info": [{"tree_structure": tree} for tree in trees],
            "num_tree_per_iteration": classes,
        }

    def dump_model(self) -> dict:
        return self._model


@pytest.mark.parametrize("words", [1, 63, 64, 65, 300])
def test_blocks_of_words_score_as_each_word_followed_down_each_tree(words):
    random = np.random.default_rng(words)
    trees = [random_tree(random, int(random.integers(1, LEAVES + 1))) for _ in range(12)]
    forest = flatten(Dumped(trees, 3))
    rows = random.integers(0, 256, (words + 2 * REACH, COLUMNS)).astype(np.uint8)
    chosen = np.arange(REACH, words + REACH, dtype=np.int32)
    wanted = np.zeros((3, words), np.float32)
    for number, tree in enumerate(trees):
        for word, row in enumerate(chosen):
            wanted[number % 3, word] += np.float32(plain(tree, rows[row - REACH : row + REACH + 1].reshape(-1)))
    assert np.allclose(forest.scores(rows, chosen), wanted, atol=1e-5)


def test_stored_forest_is_the_same_forest():
    random = np.random.default_rng(1)
    forest = flatten(Dumped([random_tree(random, 8) for _ in range(4)], 2))
    again = Forest.stored(forest.arrays("x"), "x")
    rows = random.integers(0, 256, (20, COLUMNS)).astype(np.uint8)
    chosen = np.arange(REACH, 12, dtype=np.int32)
    assert (forest.scores(rows, chosen) == again.scores(rows, chosen)).all()


def test_no_words_have_no_scores():
    forest = flatten(Dumped([random_tree(np.random.default_rng(1), 3)], 1))
    assert forest.scores(np.zeros((4, COLUMNS), np.uint8), np.zeros(0, np.int32)).shape == (1, 0)


def test_grown_trees_separate_what_one_byte_separates():
    random = np.random.default_rng(3)
    windows = random.integers(0, 256, (400, WINDOW)).astype(np.uint8)
    wanted = (windows[:, REACH * COLUMNS] > 100).astype(np.int64)
    forest = grow(windows, wanted, np.ones(400), 10, objective="binary", num_leaves=4, min_data_in_leaf=5, seed=1)
    rows = np.zeros((2 * REACH + 2, COLUMNS), np.uint8)
    rows[REACH, 0] = 200
    odds = forest.scores(rows, np.array([REACH, REACH + 1], np.int32))[0]
    assert odds[0] > 0 > odds[1]
