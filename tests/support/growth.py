"""How much longer a longer text takes: what is quadratic fails, on a busy machine too.

CPU time leaves out what waits. What a run of sixteen times the length takes besides is no growth: caches it no
longer fits in (2.6 times as long a character at 1 MiB as at 4 kiB, 2026-11-26), and other lanes that use them too.
So the bound is three times linear, a long run is compared with sixteen short ones right before it, and the least
of some rounds counts. Garbage is not collected meanwhile: what that costs depends on what other tests left.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST = 1 << 10
MOST = 1 << 20
"""Characters, as of the largest payload."""
TIMES = 16
BOUND = 3 * TIMES
"""Quadratic is 256, n·√n 64."""
ENOUGH_S = 0.01
"""A short run: what each call costs besides, some milliseconds at most, can neither pass for growth nor hide it.
"""
ROUNDS = 5
SLACK_S = 0.004
"""A hiccup, which a run of microseconds would show."""


def repeated(unit: str, length: int) -> str:
    """So many characters of a unit that comes again and again."""
    return (unit * (length // len(unit) + 1))[:length]


def require_linear(
    work: Callable[[str], object], text_of: Callable[[int], str], cpu: Callable[[], float] = time.process_time
) -> None:
    """AssertionError where `work` on a text of sixteen times the length takes more than 48 times as long.

    `text_of` makes the text of a length; its time doesn't count.
    """
    with _garbage_kept():
        near = _length(work, text_of, cpu)
        few, many = text_of(near), text_of(near * TIMES)
        short = long = float("inf")
        for _ in range(ROUNDS):
            short = min(short, _seconds(work, few, TIMES, cpu) / TIMES)
            long = min(long, _seconds(work, many, 1, cpu))
            if long <= short * BOUND + SLACK_S:
                return
    raise AssertionError(f"{near:,} characters take {short:.4f} s and {near * TIMES:,} take {long:.4f} s")


def _length(work: Callable[[str], object], text_of: Callable[[int], str], cpu: Callable[[], float]) -> int:
    """Characters whose run takes long enough to tell, or the most of which sixteen times as many are allowed."""
    near = FIRST
    work(text_of(near))  # the first call of all may load or make what the others have
    while near * TIMES < MOST and _seconds(work, text_of(near), 1, cpu) < ENOUGH_S:
        near *= 2
    return near


def _seconds(work: Callable[[str], object], text: str, times: int, cpu: Callable[[], float]) -> float:
    begun = cpu()
    for _ in range(times):
        work(text)
    return cpu() - begun


@contextmanager
def _garbage_kept() -> Iterator[None]:
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
