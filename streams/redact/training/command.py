"""`veil detect train`: train, keep, measure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from streams.redact.detect.detector import build_detector, patterns_for
from streams.redact.detect.model import Model
from streams.redact.training.calibrate import fit, observe
from streams.redact.training.card import annotated, card, measure, table
from streams.redact.training.corpus import DEV, parts
from streams.redact.training.reported import all_reported
from streams.redact.training.train import train
from topology.policies import Mode, load_policy

ROOM = Path(__file__).parents[1]  # `streams/redact` of this checkout: what is made is kept in it
CALIBRATION = "cloglog@1"  # the name of what is fitted; another number when the model or the fit changes


def train_and_measure(seed: int, date: str, say: Callable[[str], None], *, tune: bool) -> str:
    """The figures as a Markdown table. Keeps the model and its card, unless `tune`."""
    policy = load_policy("text")
    trained = train(patterns_for(policy.detection).find_many, seed, say, tuning=tune)
    figures = measure(Model.stored(trained.content), policy, list(parts(DEV) if tune else all_reported()))
    if not tune:
        folder = ROOM / "detect" / "data" / "model"
        (folder / "model.npz").write_bytes(trained.content)
        (folder / "CARD.md").write_text(card(trained, seed, date, figures), encoding="utf-8")
    return table(figures)


def calibrate(seed: int, say: Callable[[str], None]) -> None:
    """Fit and keep the risk calibration: a model trained without the dev parts is watched on them."""
    policy = load_policy("text")
    model = Model.stored(train(patterns_for(policy.detection).find_many, seed, say, tuning=True).content)
    texts = annotated(list(parts(DEV)), "")
    modes = {}
    for mode in Mode:
        moved = replace(policy, detection=replace(policy.detection, mode=mode))
        offset, slope = fit(observe(texts, moved, build_detector(moved, model)))
        modes[mode.value] = {"offset": round(offset, 4), "slope": round(slope, 4)}
    target = ROOM / "risk" / "data" / "calibration.json"
    target.write_text(json.dumps({"version": CALIBRATION, "modes": modes}, indent=1) + "\n", encoding="utf-8")
    say(f"calibrated on {len(texts)} texts")
