"""Fixtures for what a command meets: its terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def of_a_terminal() -> Iterator[None]:
    """Not begun by `nohup`, as the tests may have been."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
