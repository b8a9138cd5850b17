"""One number for a record: the chance that somebody who reads it learns whom it is about.

It joins two independent chances: that detection left a sensitive word readable (`leak`), and that what is shown by
decision points at one person (`rarity`). score = 1 - (1 - leak)(1 - rarity), in millionths, since policies hold no
fractions.

The detector gives `mass`: the sum, over all words it left readable, of the probability that the word is sensitive.
Words of one name are not independent, so that mass is not yet a chance; `Calibration` maps one to the other,
fitted on texts whose truth is known (`training/calibrate.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from streams.redact.risk.population import Population
from streams.redact.risk.rarity import Trait, people_alike
from topology.policies import Mode

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Calibration:
    """chance = 1 - exp(-exp(offset) · mass^slope): 0 without mass, rising, never above 1.

    With slope 1 and offset 0 it is the chance of at least one of many independent rare events.
    """

    version: str
    offset: float
    slope: float

    def chance(self, mass: float) -> float:
        """The chance that a record of this `mass` has left a sensitive word readable."""
        if mass <= 0:
            return 0.0
        return -math.expm1(-math.exp(self.offset + self.slope * math.log(mass)))


@dataclass(frozen=True, slots=True)
class Score:
    """Chances in millionths, and the name of the model that gave them."""

    leak_ppm: int
    rarity_ppm: int
    total_ppm: int
    model: str


def residual_risk(mass: float, traits: Iterable[Trait], calibration: Calibration, population: Population) -> Score:
    """The score of one record. Pure."""
    leak = calibration.chance(mass)
    shown = list(traits)
    rarity = min(1.0, 1.0 / max(people_alike(shown, population), 1.0)) if shown else 0.0
    total = 1.0 - (1.0 - leak) * (1.0 - rarity)
    return Score(_ppm(leak), _ppm(rarity), _ppm(total), f"{calibration.version}/{population.version}")


@cache
def load_calibration(mode: Mode) -> Calibration:
    """The calibration of this version, read once a process. Each mode has its own: what it leaves differs."""
    source = resources.files("streams.redact.risk").joinpath("data", "calibration.json")
    table = json.loads(source.read_text("utf-8"))
    return Calibration(table["version"], **table["modes"][mode.value])


def _ppm(chance: float) -> int:
    return round(chance * MILLION)
