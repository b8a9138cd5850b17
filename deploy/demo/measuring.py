"""Memory of the demo and everything it has started."""

from __future__ import annotations

import threading

import psutil

EVERY_S = 0.5
"""Asking a dozen processes takes 2 ms."""
MIB = 1024 * 1024


class MemoryGauge:
    """Samples resident memory until `stop`: of this process and of all that it starts from now on. Pages that
    processes share count for each.
    """

    def __init__(self) -> None:
        self._others = frozenset(psutil.Process().children())
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
            self.peak_mb = max(self.peak_mb, resident_mb(self._others))
            if self._stop.wait(EVERY_S):
                return


def resident_mb(others: frozenset[psutil.Process] = frozenset()) -> int:
    """Resident memory of this process and its descendants but for `others` and theirs, in MiB."""
    me = psutil.Process()
    mine = [child for child in me.children() if child not in others]
    return round(sum(map(_resident, (me, *mine, *(below for it in mine for below in _below(it))))) / MIB)


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:  # it ended meanwhile
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
