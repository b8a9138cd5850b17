"""Waiting for a condition with a deadline; nothing else may wait in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 240.0
"""Longer than anything takes on two cores that other lanes use too; a test that needs it has failed."""
PAUSE_S = 0.05


def wait_for(
    ask: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S, pause_s: float = PAUSE_S
) -> T:
    """The first answer of `ask` that is true; AssertionError naming `what` when there is none in time."""
    limit = time.monotonic() + deadline_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() >= limit:
            raise AssertionError(f"not within {deadline_s:.0f} s: {what}")
        time.sleep(pause_s)
