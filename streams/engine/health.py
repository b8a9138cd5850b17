"""What a process says of itself on `/healthz`: written by the loop, read by the health server. Thread-safe."""

from __future__ import annotations

import threading
from enum import StrEnum

from streams.engine.watchdog import Watchdog


class Condition(StrEnum):
    """One word for a person; everything but `working` comes with a reason. One that stands by is well, too."""

    STARTING = "starting"
    WORKING = "working"
    STANDING_BY = "standing by"
    WAITING = "waiting"
    STOPPED = "stopped"


class Health:
    """The latest condition. Whoever says one goes round, which the watchdog of the process is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._condition = Condition.STARTING
        self._why = ""
        self._notice = ""
        self._watchdog: Watchdog | None = None

    def guard(self, watchdog: Watchdog) -> None:
        """From now on the process ends where its loop stands still."""
        self._watchdog = watchdog
        watchdog.alive()

    def alive(self) -> None:
        """A round has begun, or a long step has come on."""
        if self._watchdog is not None:
            self._watchdog.alive()

    def set(self, condition: Condition, why: str = "") -> None:
        """Say how it is. `why` is an error's text, which never holds a value."""
        with self._lock:
            self._condition, self._why = condition, why
        if self._watchdog is not None and condition is Condition.STOPPED:
            self._watchdog.closing()
        self.alive()

    def note(self, notice: str) -> None:
        """Say what a person should know of a process that works; it holds no value either."""
        with self._lock:
            self._notice = notice

    def read(self) -> tuple[Condition, str]:
        """The condition and why; of one that works, its notice."""
        with self._lock:
            notice = self._notice if self._condition is Condition.WORKING else ""
            return self._condition, self._why or notice
