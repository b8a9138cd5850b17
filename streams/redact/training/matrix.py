"""Texts as the learner takes them: for each word the window of its features, its class and its weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from streams.redact.detect.columns import REACH
from streams.redact.detect.features import Rows, describe
from streams.redact.detect.find import Find
from streams.redact.detect.forest import WINDOW
from streams.redact.detect.lexicon import load_lexicon
from streams.redact.detect.model import CLASSES
from streams.redact.detect.rule_groups import mark
from streams.redact.detect.shadow import Shadow, shadow_of
from streams.redact.detect.tokens import Tokens, tokenize
from streams.redact.training.corpus import Example

Rules = Callable[[Sequence[str]], Sequence[Sequence[Find]]]
AVERAGE_WORD = 5  # letters; quality is counted in characters, so longer words weigh more
MOST_WEIGHT = 3.0
_WEIGHTS = {"wikigold_a": 2.5, "btc_a": 2.5}


@dataclass(frozen=True, slots=True, repr=False)
class Matrix:
    """Words of many texts. `classes`: place in `CLASSES`; `weights`: 0 where a policy decides, not the model."""

    tokens: Tokens
    rows: Rows
    classes: NDArray[np.uint8]
    weights: NDArray[np.float64]

    def windows(self) -> NDArray[np.uint8]:
        """`[words, WINDOW]`, as `detect/forest.py` reads them."""
        views = sliding_window_view(self.rows.values, 2 * REACH + 1, axis=0)
        return views[self.rows.at - REACH].transpose(0, 2, 1).reshape(self.rows.at.size, WINDOW)


def matrix_of(examples: Sequence[Example], rules: Rules) -> Matrix:
    """`rules` are those of the detector: what they find is a feature."""
    shadows = [shadow_of(one.text) for one in examples]
    texts = [shadow.text for shadow in shadows]
    tokens = tokenize(texts)
    rows = describe(tokens, load_lexicon(), mark(tokens, rules(texts)))
    gold = _gold(examples, shadows, tokens)
    classes = _class_of_words(gold, tokens)
    lengths = (tokens.end - tokens.start) / AVERAGE_WORD
    decided = np.array([weight_of(one) for one in examples])[tokens.text] * (classes != CLASSES.index("DATE_TIME"))
    return Matrix(tokens, rows, classes, np.minimum(lengths, MOST_WEIGHT) * decided)


def weight_of(example: Example) -> float:
    """Running text annotated by people is scarce, and what counts; invented text is neither."""
    return _WEIGHTS.get(example.family, 1.0)


def _gold(examples: Sequence[Example], shadows: Sequence[Shadow], tokens: Tokens) -> NDArray[np.uint8]:
    """The class of each byte of the buffer."""
    gold = np.zeros(tokens.data.size + 1, np.uint8)
    for one, shadow, first in zip(examples, shadows, tokens.bounds.tolist(), strict=False):
        places = None if shadow.origin is None else np.array([*shadow.origin, shadow.raw_length])
        for start, end, kind in one.spans:
            low, high = (start, end) if places is None else np.searchsorted(places, [start, end])
            gold[first + low : first + high] = CLASSES.index(kind)
    return gold


def _class_of_words(gold: NDArray[np.uint8], tokens: Tokens) -> NDArray[np.uint8]:
    """A word is of a class when at least half of it is."""
    inside = np.concatenate([[0], np.cumsum(gold > 0)])
    enough = 2 * (inside[tokens.end] - inside[tokens.start]) >= tokens.end - tokens.start
    edges = np.stack([tokens.start, tokens.end], axis=1).reshape(-1)
    highest = np.maximum.reduceat(gold, edges)[::2]
    return np.where(enough, highest, 0).astype(np.uint8)
