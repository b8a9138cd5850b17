"""The trained classifier as it is stored: forests, tagger and thresholds, grown by `veil detect train`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.forest import Forest
from streams.redact.detect.tagger import Tagger
from topology.policies import Mode

# Classes of words; the first is what may be shown.
CLASSES = ("SHOWN", "PERSON", "LOCATION", "ORGANIZATION", "ADDRESS", "TITLE", "DATE_TIME", "NUMBER", "OTHER")


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """`hide` and `tagger` give log-odds that a word is sensitive, `kind` scores of the other classes in order.

    `permille`: the probability, by mode, from which a word is hidden.
    """

    hide: Forest
    kind: Forest
    tagger: Tagger
    permille: Mapping[Mode, int]
    digest: str

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """For storing."""
        permille = np.array([self.permille[mode] for mode in Mode], np.int32)
        parts = {**self.hide.arrays("hide"), **self.kind.arrays("kind"), **self.tagger.arrays("tagger")}
        return {**parts, "permille": permille}

    @classmethod
    def stored(cls, content: bytes) -> Model:
        """From the bytes of a file that holds what `arrays` gave."""
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            arrays = dict(stored)
        return cls(
            Forest.stored(arrays, "hide"),
            Forest.stored(arrays, "kind"),
            Tagger.stored(arrays, "tagger"),
            {mode: int(value) for mode, value in zip(Mode, arrays["permille"], strict=True)},
            hashlib.sha256(content).hexdigest(),
        )


@cache
def load_model() -> Model:
    """The model in this package."""
    return Model.stored(
        resources.files("streams.redact.detect").joinpath("data", "model", "model.npz").read_bytes()
    )
