from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from streams.engine.health import Condition, Health
from streams.engine.watchdog import CLOSING_S, EVERY_S, ROUND_S, Watchdog

HANGING = """
    import ctypes, threading
    from functools import partial
    from streams.engine.watchdog import Watchdog, end_after

    def hang_in_c():
        ctypes.PyDLL(None).sleep(600)  # PyDLL: the interpreter's lock is held, as in the calls of the Kafka client

    Watchdog(lambda _: end_after(0.2)).alive()
    {then}
"""


class Timer:
    """What a watchdog was told to arm, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.armed: list[float] = []

    def watchdog(self) -> Watchdog:
        return Watchdog(self.armed.append, lambda: self.now)


def test_each_round_has_its_time_anew():
    timer = Timer()
    watchdog = timer.watchdog()
    for timer.now in (0.0, EVERY_S, 2 * EVERY_S):
        watchdog.alive()
    assert timer.armed == [ROUND_S] * 3


def test_rounds_that_follow_each_other_at_once_arm_one_timer():
    timer = Timer()
    watchdog = timer.watchdog()
    for _ in range(1000):
        timer.now += EVERY_S / 2000
        watchdog.alive()
    assert timer.armed == [ROUND_S]


def test_whoever_leaves_gets_no_more_time_however_often_it_says_something():
    timer = Timer()
    watchdog = timer.watchdog()
    watchdog.alive()
    for timer.now in (10.0, 20.0, 30.0):
        watchdog.closing()
        watchdog.alive()
    assert timer.armed == [ROUND_S, CLOSING_S]


def test_health_tells_the_watchdog_what_the_loop_does():
    timer = Timer()
    health = Health()
    health.alive()  # nobody watches yet
    health.guard(timer.watchdog())
    timer.now = EVERY_S
    health.set(Condition.WORKING)
    timer.now = 2 * EVERY_S
    health.alive()
    health.set(Condition.STOPPED)
    assert timer.armed == [ROUND_S, ROUND_S, ROUND_S, CLOSING_S]


@pytest.mark.parametrize(
    "then",
    ["hang_in_c()", "threading.Thread(target=hang_in_c).start(); threading.Event().wait()"],
    ids=["the loop itself", "another thread"],
)
def test_a_process_that_hangs_with_the_lock_of_the_interpreter_ends_and_says_where(then: str):
    source = textwrap.dedent(HANGING).format(then=then)
    ended = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "in hang_in_c" in ended.stderr
