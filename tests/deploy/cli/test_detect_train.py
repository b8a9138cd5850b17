"""`veil detect train`, really, with little to learn from."""

from __future__ import annotations

import json

import pytest

from streams.redact.detect.detector import build_detector
from streams.redact.detect.model import Model
from streams.redact.training import command, corpus, learn_tagger, reported, train
from streams.redact.training.synthetic import pools
from topology.policies import load_policy

EVERY = 8
"""One text of so many."""


@pytest.fixture
def room(monkeypatch, tmp_path):
    """Where a short training keeps what it makes."""
    whole = corpus.read
    for module in (corpus, reported):
        monkeypatch.setattr(module, "read", lambda name: whole(name)[::EVERY])
    for size in ("VALUES", "PEOPLE", "COMPANIES", "COUNTRIES"):
        monkeypatch.setattr(pools, size, 50)
    for name, least in {"INVENTED": 100, "FOREIGN": 10, "HIDE_ROUNDS": 5, "KIND_ROUNDS": 2}.items():
        monkeypatch.setattr(train, name, least)
    monkeypatch.setattr(train, "COPIES", dict.fromkeys(train.COPIES, 1))
    monkeypatch.setattr(learn_tagger, "EPOCHS", 1)
    monkeypatch.setattr(command, "ROOM", tmp_path)
    for folder in ("detect/data/model", "risk/data"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_train_keeps_a_model_that_detects_and_its_card(run, room):
    ended = run("detect", "train", "--json")
    assert ended.code == 0
    said = json.loads(ended.out)
    assert (said["seed"], said["kept"]) == (1, True)
    assert said["figures"].startswith("| texts | fast | strict | max |")
    card = (room / "detect/data/model/CARD.md").read_text()
    assert "veil detect train --seed 1`" in card
    assert said["figures"] in card
    model = Model.stored((room / "detect/data/model/model.npz").read_bytes())
    text = "please ask Zsuzsanna Kowalczyk about it"
    [searched] = build_detector(load_policy("text"), model).search([text])
    assert {text.index("Zsuzsanna"), text.index("Kowalczyk")} <= {
        index for find in searched.finds for index in range(find.start, find.end)
    }
    assert not list((room / "risk/data").iterdir())


def test_tuning_keeps_nothing_but_a_calibration_that_is_asked_for(run, room):
    ended = run("detect", "train", "--seed", 7, "--tune", "--calibrate", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["kept"] is False
    (kept,) = (one for one in room.rglob("*") if one.is_file())
    assert kept == room / "risk/data/calibration.json"
    calibration = json.loads(kept.read_text())
    assert calibration["version"] == command.CALIBRATION
    assert {mode: set(fit) for mode, fit in calibration["modes"].items()} == {
        mode: {"offset", "slope"} for mode in ("fast", "strict", "max")
    }
