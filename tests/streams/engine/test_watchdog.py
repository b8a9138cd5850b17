from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest

from streams.engine.health import Condition, Health
from streams.engine.watchdog import LEAVING_S, Watchdog
from tests.support.waiting import wait_for

HANGING = """
    import ctypes, threading
    from streams.engine.watchdog import Watchdog, end_after

    def hang_in_c():
        ctypes.PyDLL(None).sleep(600)  # PyDLL: the interpreter's lock is held, as in the calls of the Kafka client

    Watchdog(silent_s=1.0, every_s=0.05).start()
    {then}
"""


def test_as_long_as_threads_run_the_time_is_set_anew():
    armed: list[float] = []
    watchdog = Watchdog(armed.append, silent_s=7.0, every_s=0.001)
    watchdog.start()
    wait_for(lambda: len(armed) > 5, "it was set again and again")
    watchdog.leaving()
    assert set(armed[:-1]) == {7.0}


def test_whoever_leaves_gets_no_more_time_however_often_it_says_so():
    armed: list[float] = []
    watchdog = Watchdog(armed.append, every_s=0.001)
    watchdog.start()
    wait_for(lambda: armed, "it runs")
    watchdog.leaving()
    watchdog.leaving()
    wait_for(lambda: not [one for one in threading.enumerate() if one.name == "watchdog"], "its thread has ended")
    assert armed.count(LEAVING_S) == 1
    assert armed[-1] == LEAVING_S


def test_health_tells_as_soon_as_the_loop_ends():
    health, told = Health(), []
    health.when_leaving(lambda: told.append("leaving"))
    health.set(Condition.WORKING)
    health.set(Condition.WAITING, "no broker answers")
    assert told == []
    health.set(Condition.STOPPED)
    assert told == ["leaving"]


@pytest.mark.parametrize(
    "then",
    ["hang_in_c()", "threading.Thread(target=hang_in_c).start(); threading.Event().wait()"],
    ids=["the main thread", "another thread"],
)
def test_a_process_that_hangs_with_the_lock_of_the_interpreter_ends_and_says_where(then: str):
    source = textwrap.dedent(HANGING).format(then=then)
    ended = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "in hang_in_c" in ended.stderr


def test_a_round_that_takes_long_is_no_hang():
    busy = "import time; end = time.monotonic() + 3; sum(1 for _ in iter(lambda: time.monotonic() < end, False))"
    source = textwrap.dedent(HANGING).format(then=busy)
    ended = subprocess.run([sys.executable, "-c", source], check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
