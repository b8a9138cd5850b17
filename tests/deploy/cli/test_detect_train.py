from __future__ import annotations

import json

import pytest

from streams.redact.training import command


@pytest.fixture
def asked(monkeypatch):
    """What the command asks the training for, without training."""
    calls = []

    def train_and_measure(seed, date, say, *, tune):
        say("a step")
        calls.append((seed, len(date), tune))
        return "| texts | fast |"

    monkeypatch.setattr(command, "train_and_measure", train_and_measure)
    return calls


def test_train_keeps_the_model_of_seed_1_unless_told_otherwise(run, asked):
    ended = run("detect", "train", "--json")
    assert ended.code == 0
    assert asked == [(1, 10, False)]
    assert json.loads(ended.out) == {"seed": 1, "kept": True, "figures": "| texts | fast |"}


def test_tuning_keeps_nothing(run, asked):
    ended = run("detect", "train", "--seed", 7, "--tune", "--json")
    assert asked == [(7, 10, True)]
    assert json.loads(ended.out)["kept"] is False
