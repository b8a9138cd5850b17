"""Trains the classifier of `streams/redact/detect`: deterministic for a seed, minutes on one core.

1. read the annotated texts, split them (`corpus.py`), make changed copies (`refill.py`), add invented ones
2. describe every word as the detector does (`matrix.py`)
3. grow the trees that say whether a word is sensitive, then those that say of what kind
4. store the model, and a card of what went in
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from random import Random
from zlib import crc32

import numpy as np

from streams.redact.detect.forest import Forest
from streams.redact.detect.model import CLASSES, Model
from streams.redact.training.corpus import DEV, TRAIN, Example, class_of, parts
from streams.redact.training.foreign import foreign_texts
from streams.redact.training.grow import grow
from streams.redact.training.learn_tagger import learn_tagger
from streams.redact.training.matrix import Matrix, Rules, matrix_of
from streams.redact.training.refill import copies, pools
from streams.redact.training.synthetic import Annotated, generate
from topology.policies import Mode

COPIES = {"presidio_generated": 2, "wikigold_a": 5, "btc_a": 5}  # changed copies of each annotated text
REFILLED = 0.7  # share of their values that are replaced
INVENTED = 26_000  # texts of our own templates
FOREIGN = 2_000  # strings of words of other languages
HIDE = {
    "objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 20,
    "feature_fraction": 0.3, "lambda_l2": 1.0,
}  # fmt: skip
KIND = {
    "objective": "multiclass", "num_class": len(CLASSES) - 1, "num_leaves": 15, "learning_rate": 0.2,
    "min_data_in_leaf": 20, "feature_fraction": 0.3, "lambda_l2": 1.0,
}  # fmt: skip
HIDE_ROUNDS = 220
KIND_ROUNDS = 25
# Chosen on the dev parts: the probability, per mille, from which a word is hidden.
PERMILLE: Mapping[Mode, int] = {Mode.FAST: 90, Mode.STRICT: 75, Mode.MAX: 30}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class Trained:
    """The model as the bytes of a file, and how much went in."""

    content: bytes
    texts: int
    words: int


def train(rules: Rules, seed: int, say: Say, *, tuning: bool = False) -> Trained:
    """Train on the train and dev parts; with `tuning` on train alone, so that dev can be measured."""
    examples = training_texts(seed, tuning=tuning)
    say(f"{len(examples):,} texts")
    matrix = matrix_of(examples, rules)
    say(f"{matrix.classes.size:,} words")
    hide = _grow_hide(matrix, seed)
    say(f"{hide.first.size - 1} trees say whether a word is sensitive")
    kind = _grow_kind(matrix, seed)
    say(f"{kind.first.size - 1} trees say of what kind")
    model = Model(hide, kind, learn_tagger(matrix, seed), PERMILLE, "")
    say("the network is trained")
    buffer = BytesIO()
    np.savez_compressed(buffer, **model.arrays())  # type: ignore[arg-type] # its stub takes no mapping
    return Trained(buffer.getvalue(), len(examples), matrix.classes.size)


def training_texts(seed: int, *, tuning: bool) -> list[Example]:
    """Annotated texts with their changed copies, then invented ones; with `tuning` without the dev parts."""
    real = [one for name in ((TRAIN,) if tuning else (TRAIN, DEV)) for one in parts(name)]
    random, values = Random(seed), pools(real, seed)  # noqa: S311 - made-up texts, no secrets
    changed = copies(real, values, random, COPIES, REFILLED)
    ours = invented(seed, INVENTED, lambda template: not (tuning and held_out(template)))
    return [*changed, *ours, *foreign_texts(values, seed, FOREIGN)]


def invented(seed: int, count: int, wanted: Callable[[str], bool]) -> list[Example]:
    """`count` texts of our own templates, less those of templates not wanted."""
    return [_example(one) for one in generate(seed, count) if wanted(one.template)]


def held_out(template: str) -> bool:
    """Whether a template of ours is kept for tuning: one in ten."""
    return crc32(template.encode()) % 10 == 0


def _example(one: Annotated) -> Example:
    spans = tuple((start, end, class_of(kind)) for start, end, kind in one.spans)
    return Example(one.text, spans, "synthetic")


def _grow_hide(matrix: Matrix, seed: int) -> Forest:
    used = np.flatnonzero(matrix.weights > 0)
    wanted = (matrix.classes[used] > 0).astype(np.int64)
    return grow(matrix.windows()[used], wanted, matrix.weights[used], HIDE_ROUNDS, seed=seed, **HIDE)


def _grow_kind(matrix: Matrix, seed: int) -> Forest:
    used = np.flatnonzero(matrix.classes > 0)
    wanted = matrix.classes[used].astype(np.int64) - 1
    return grow(matrix.windows()[used], wanted, np.ones(used.size), KIND_ROUNDS, seed=seed, **KIND)
