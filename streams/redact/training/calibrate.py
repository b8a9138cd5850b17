"""From the detector's mass of doubt to a chance: fitted on the texts that tune, never on those that are reported.

A complementary log-log regression of one variable: log(-log(1 - chance)) = offset + slope * log(mass), where the
outcome is whether anything annotated stayed readable. Newton's method on two unknowns, with a weak pull to
offset 0 and slope 1 (independent words) that decides where a mode leaves too few leaks to learn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.hidden import RawRecord
from streams.redact.detect.find import Detector
from streams.redact.outcome import Redacted
from streams.redact.quality.annotated import AnnotatedText
from streams.redact.quality.evaluation import FIELD
from streams.redact.redactor import redact_many
from topology.policies import Policy

ROUNDS = 100
PULL = 1.0  # weight of the prior, in texts
LEAST_MASS = 1e-4
_SMALL = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """Of each text its mass of doubt, and whether it leaked."""

    masses: Floats
    leaked: Floats


def observe(texts: Sequence[AnnotatedText], policy: Policy, detector: Detector) -> Observed:
    """Redact each text and look what was left of its gold spans."""
    outcomes = redact_many([RawRecord({FIELD: one.text}) for one in texts], policy, detector)
    masses = [one.mass for one in detector.search([one.text for one in texts])]
    leaked = [
        isinstance(outcome, Redacted) and _leaks(one, [(span.start, span.end) for span in outcome.spans])
        for one, outcome in zip(texts, outcomes, strict=True)
    ]
    return Observed(np.maximum(np.array(masses), LEAST_MASS), np.array(leaked, dtype=np.float64))


def fit(observed: Observed) -> tuple[float, float]:
    """Offset and slope of greatest posterior."""
    design = np.column_stack([np.ones_like(observed.masses), np.log(observed.masses)])
    prior = np.array([0.0, 1.0])
    weights = prior.copy()
    for _ in range(ROUNDS):
        hazard = np.exp(np.clip(design @ weights, -30, 3))
        chance = np.clip(-np.expm1(-hazard), _SMALL, 1 - _SMALL)
        slope = hazard * (observed.leaked / chance - 1)  # d log-likelihood / d linear term
        gradient = design.T @ slope - PULL * (weights - prior)
        bend = hazard * hazard * (1 - chance) / chance  # its expected curvature (Fisher scoring)
        hessian = (design.T * bend) @ design + PULL * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights + np.clip(step, -1, 1)
        if float(np.abs(step).max()) < _SMALL:
            break
    return float(weights[0]), float(max(weights[1], 0.05))


def _leaks(one: AnnotatedText, hidden: Sequence[tuple[int, int]]) -> bool:
    covered = bytearray(len(one.text))
    for start, end in hidden:
        covered[start:end] = b"\1" * (end - start)
    return any(0 in covered[span.start : span.end] for span in one.gold)
