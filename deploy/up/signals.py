"""Ctrl-C and SIGTERM: while starting they give the start up, afterwards they end the waiting."""

from __future__ import annotations

import signal
import threading
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Installed in the main thread. The first signal while starting raises KeyboardInterrupt. No later one does:
    nothing interrupts the stopping.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._starting = True
        for number in STOPPING:
            signal.signal(number, self._handle)

    def started(self) -> None:
        """From now on a signal only ends `wait`."""
        self._starting = False

    def wait(self) -> None:
        """Block until one comes."""
        self._asked.wait()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
        if self._starting:
            self._starting = False
            raise KeyboardInterrupt
