"""Trees grown by LightGBM, laid out for `detect/forest.py`."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.forest import LEAVES, Forest

Condition = tuple[int, int]  # byte of the window, the greatest value that fails


def grow(
    windows: NDArray[np.uint8],
    wanted: NDArray[np.int64],
    weights: NDArray[np.float64],
    rounds: int,
    **settings: object,
) -> Forest:
    """A forest, deterministic and on one thread; `settings` are LightGBM's."""
    data = lightgbm.Dataset(windows, wanted, weight=weights, params={"max_bin": 255, "verbose": -1})
    fixed = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}
    return flatten(lightgbm.train({**fixed, **settings}, data, rounds))


def flatten(booster: Any) -> Forest:  # noqa: ANN401 - LightGBM's model is untyped to us
    """The same function in arrays; features are bytes, so that thresholds become whole numbers."""
    dumped = booster.dump_model()
    trees = [_Tree(one["tree_structure"]) for one in dumped["tree_info"]]
    conditions = sorted({node[0] for tree in trees for node in tree.nodes})
    number = {condition: index for index, condition in enumerate(conditions)}
    used = sorted({byte for byte, _ in conditions})
    leaf = np.zeros((len(trees), LEAVES), np.float32)
    for row, tree in zip(leaf, trees, strict=True):
        row[: len(tree.leaves)] = tree.leaves
    nodes = [node for tree in trees for node in tree.nodes]
    return Forest(
        used=np.array(used, np.int32),
        bins=np.stack([_bins([limit for byte, limit in conditions if byte == one]) for one in used]),
        base=np.searchsorted([byte for byte, _ in conditions], [*used, 1 << 30]).astype(np.int32),
        first=np.cumsum([0, *(len(tree.nodes) for tree in trees)]).astype(np.int32),
        when=np.array([number[condition] for condition, _, _ in nodes], np.int32),
        down=np.array([[left, right] for _, left, right in nodes], np.uint8),
        leaf=leaf,
        classes=np.array([dumped["num_tree_per_iteration"]], np.int32),
    )


def _bins(limits: list[int]) -> NDArray[np.uint8]:
    return np.searchsorted(limits, np.arange(256)).astype(np.uint8)


class _Tree:
    """Leaves from left to right; nodes, parents first, as (condition, where those go that fail, that meet it)."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.leaves: list[float] = []
        self.nodes: list[tuple[Condition, int, int]] = []
        self._add(root)

    def _add(self, node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            self.leaves.append(node["leaf_value"])
            return LEAVES + len(self.leaves) - 1
        place = len(self.nodes)
        condition = (int(node["split_feature"]), int(node["threshold"]))
        self.nodes.append((condition, 0, 0))
        left = self._add(node["left_child"])
        self.nodes[place] = (condition, left, self._add(node["right_child"]))
        return place
