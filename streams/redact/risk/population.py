"""How many people share what is shown: a versioned table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Population:
    """People by place, and shares of a population by kind of value (`data/population.json` says whence)."""

    version: str
    digest: str
    places: Mapping[str, int]
    zip3: int
    unknown_place: int
    shares: Mapping[str, float]


@cache
def load_population() -> Population:
    """The table of this version, read once a process."""
    raw = resources.files("streams.redact.risk").joinpath("data", "population.json").read_bytes()
    table = json.loads(raw)
    return Population(
        table["version"],
        hashlib.sha256(raw).hexdigest(),
        table["places"],
        table["zip3"],
        table["unknown_place"],
        table["shares"],
    )
