"""Memory of the demo and everything it has started."""

from __future__ import annotations

import threading

import psutil

EVERY_S = 0.5
"""Asking a dozen processes takes 2 ms."""
MIB = 1024 * 1024


class MemoryGauge:
    """Samples resident memory, this process and all below it, until `stop`. Shared pages count for each."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-memory", daemon=True)
        self.peak_mb = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, resident_mb())
            if self._stop.wait(EVERY_S):
                return


def resident_mb() -> int:
    """Resident memory of this process and its descendants, in MiB."""
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it ended meanwhile
            continue
    return round(total / MIB)
