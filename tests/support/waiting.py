"""Waiting for a condition with a deadline; nothing else may wait in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 240.0
"""Longer than anything takes on two cores that other lanes use too; a test that needs it has failed."""
PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
PAUSE_OF_ASKING = 2.0
"""So many times as long as asking took, or reading whole topics would take the cores from what is waited for."""


def wait_for(
    ask: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S, pause_s: float | None = None
) -> T:
    """The first answer of `ask` that is true; AssertionError naming `what` when there is none in time.

    `pause_s`: between two questions; otherwise PAUSE_S, and up to LONGEST_PAUSE_S where asking takes long.
    """
    limit = time.monotonic() + deadline_s
    while True:
        asked = time.monotonic()
        answer = ask()
        if answer:
            return answer
        now = time.monotonic()
        if now >= limit:
            raise AssertionError(f"not within {deadline_s:.0f} s: {what}")
        time.sleep(_pause(now - asked) if pause_s is None else pause_s)


def _pause(asking_s: float) -> float:
    return min(max(PAUSE_S, PAUSE_OF_ASKING * asking_s), LONGEST_PAUSE_S)
