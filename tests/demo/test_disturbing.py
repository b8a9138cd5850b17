"""Whoever disturbs a run ends with it."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from deploy.demo.run import Ground, _disturbing


def test_whoever_disturbs_is_told_that_the_run_has_ended_and_keeps_nobody():
    told = threading.Event()

    def disturb(*given) -> None:
        *_, stop = given
        if stop.wait(60):
            told.set()

    ground, workforce = Ground(SimpleNamespace(), disturb=disturb), SimpleNamespace(answers=None)
    with pytest.raises(KeyboardInterrupt), _disturbing(None, ground, None, None, workforce):
        raise KeyboardInterrupt
    assert told.is_set()


def test_what_it_raises_is_what_the_run_ends_with():
    def disturb(*_given) -> None:
        raise ValueError("lost")

    ground, workforce = Ground(SimpleNamespace(), disturb=disturb), SimpleNamespace(answers=None)
    with _disturbing(None, ground, None, None, workforce) as disturbed, pytest.raises(ValueError, match="lost"):
        disturbed.result()
