"""How many times faster than stock Presidio, in one process, by its own CPU time, in interleaved rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.hidden import RawRecord
from streams.redact.detect.find import Detector
from streams.redact.quality.evaluation import BATCH, FIELD
from streams.redact.quality.intervals import Estimate
from streams.redact.redactor import redact, redact_many
from topology.policies import Mode, Policy

ROUNDS = 5
TEXTS = 400  # about 3 s of stock Presidio a round


@dataclass(frozen=True, slots=True)
class Speeds:
    """Ratios by mode: median of the rounds, with the slowest and the fastest."""

    batch: Mapping[Mode, Estimate] = field(default_factory=dict)
    single: Mapping[Mode, Estimate] = field(default_factory=dict)


def measure_speed(
    texts: Sequence[str], rulings: Mapping[Mode, tuple[Policy, Detector]], stock: Callable[[str], Any]
) -> Speeds:
    """Compare the whole redactor with `stock`, in each round on the same texts for all.

    CPU time, since the machine may be shared; all of it is spent in one thread.
    """
    batch: dict[Mode, list[float]] = {mode: [] for mode in rulings}
    single: dict[Mode, list[float]] = {mode: [] for mode in rulings}
    some = texts[:: max(1, len(texts) // TEXTS)][:TEXTS]
    for turn in range(ROUNDS + 1):
        yardstick = _seconds_per_text(lambda all_: [stock(text) for text in all_], some)
        for mode, (policy, detector) in rulings.items():
            ours = _seconds_per_text(lambda all_: _in_batches(all_, policy, detector), some)  # noqa: B023 - used at once
            alone = _seconds_per_text(lambda all_: _one_by_one(all_, policy, detector), some)  # noqa: B023
            if turn:  # the first round warms up
                batch[mode].append(yardstick / ours)
                single[mode].append(yardstick / alone)
    return Speeds(*({mode: _summary(rounds) for mode, rounds in one.items()} for one in (batch, single)))


def _in_batches(texts: Sequence[str], policy: Policy, detector: Detector) -> None:
    for first in range(0, len(texts), BATCH):
        redact_many([RawRecord({FIELD: text}) for text in texts[first : first + BATCH]], policy, detector)


def _one_by_one(texts: Sequence[str], policy: Policy, detector: Detector) -> None:
    for text in texts:
        redact(RawRecord({FIELD: text}), policy, detector)


def _seconds_per_text(work: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    begun = time.process_time()
    work(texts)
    return (time.process_time() - begun) / len(texts)


def _summary(rounds: Sequence[float]) -> Estimate:
    return Estimate(statistics.median(rounds), min(rounds), max(rounds))
