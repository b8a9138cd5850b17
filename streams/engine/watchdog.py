"""Ends a process whose loop does not come round any more, so that its supervisor starts it again.

A call into the Kafka client may never come back, and some are made with the interpreter's lock held (beginning a
transaction, purging, assigning): then no thread of Python runs, no signal is handled, and nobody inside can tell.
So the time is kept by a thread of C, which needs no lock (`faulthandler`): it writes where each thread stands
(files, lines and functions, never a value) and ends the process, as a crash would. Nothing is lost by a crash.
"""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Callable

ROUND_S = 300.0
"""Longer than any round: after `max.poll.interval.ms`, the same, the broker gives our partitions away anyway."""
CLOSING_S = 30.0
"""Whoever leaves waits for nobody: what is open then is aborted by whoever comes next."""
EVERY_S = 5.0
"""How often the time is set anew at most: each time takes a new thread."""

Arm = Callable[[float], None]
"""Whoever has not been told again after so many seconds is ended."""


def end_after(seconds: float) -> None:
    """Write where each thread stands, and end this process with 1, unless called again before."""
    faulthandler.dump_traceback_later(seconds, exit=True)


class Watchdog:
    """One a process, whose timer it is. Told by whatever goes round; `closing` is the last that it is told."""

    def __init__(self, arm: Arm = end_after, clock: Callable[[], float] = time.monotonic) -> None:
        self._arm = arm
        self._clock = clock
        self._armed_at: float | None = None
        self._closing = False

    def alive(self) -> None:
        """The loop has come round."""
        now = self._clock()
        if not self._closing and (self._armed_at is None or now - self._armed_at >= EVERY_S):
            self._armed_at = now
            self._arm(ROUND_S)

    def closing(self) -> None:
        """The process leaves: it has only a short time left, whatever it is told from now on."""
        if not self._closing:
            self._closing = True
            self._arm(CLOSING_S)
