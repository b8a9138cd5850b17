"""Ends a process in which no thread of Python runs any more, so that its supervisor starts it again.

A call into the Kafka client may never come back, and some are made with the interpreter's lock held (beginning a
transaction, assigning): then no signal is handled, `/healthz` is silent, and nobody inside can tell. So the time
is kept by a thread of C, which needs no lock (`faulthandler`). A thread of Python sets it anew every few seconds
for as long as threads run, however long a round takes; where it can't, the C thread writes where each thread
stands (files, lines and functions, never a value) and ends the process, as a crash would. A crash loses nothing.
"""

from __future__ import annotations

import faulthandler
import threading
from collections.abc import Callable

SILENT_S = 300.0
"""One call may keep the lock for long: the text that is slowest to search takes 17 s, on a core of its own."""
LEAVING_S = 30.0
"""Whoever leaves waits for nobody: what is open then is aborted by whoever comes next."""
EVERY_S = 10.0
"""How often the time is set anew."""

Arm = Callable[[float], None]
"""Ends the process after so many seconds, unless told again before."""


def end_after(seconds: float) -> None:
    """Write where each thread stands, and end this process with 1, unless called again before."""
    faulthandler.dump_traceback_later(seconds, exit=True)


class Watchdog:
    """One a process, whose timer it is. Thread-safe."""

    def __init__(self, arm: Arm = end_after, silent_s: float = SILENT_S, every_s: float = EVERY_S) -> None:
        self._arm, self._silent_s, self._every_s = arm, silent_s, every_s
        self._lock = threading.Lock()
        self._left = threading.Event()

    def start(self) -> None:
        """From now on."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def leaving(self) -> None:
        """The process leaves: it has a short time left, whatever runs in it, however often this is said."""
        with self._lock:
            if not self._left.is_set():
                self._left.set()
                self._arm(LEAVING_S)

    def _watch(self) -> None:
        while not self._left.is_set():
            with self._lock:  # so that nothing is set anew once it leaves
                if not self._left.is_set():
                    self._arm(self._silent_s)
            self._left.wait(self._every_s)
