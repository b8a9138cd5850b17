"""What a process says of itself on `/healthz`: written by the loop, read by the health server. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum


class Condition(StrEnum):
    """One word for a person; everything but `working` comes with a reason. One that stands by is well, too."""

    STARTING = "starting"
    WORKING = "working"
    STANDING_BY = "standing by"
    WAITING = "waiting"
    STOPPED = "stopped"


class Health:
    """The latest condition."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._condition = Condition.STARTING
        self._why = ""
        self._notice = ""
        self._leaving: Callable[[], None] = lambda: None

    def when_leaving(self, told: Callable[[], None]) -> None:
        """Who is told as soon as the loop ends, before it lets go of anything."""
        self._leaving = told

    def set(self, condition: Condition, why: str = "") -> None:
        """Say how it is. `why` is an error's text, which never holds a value."""
        with self._lock:
            self._condition, self._why = condition, why
        if condition is Condition.STOPPED:
            self._leaving()

    def note(self, notice: str) -> None:
        """Say what a person should know of a process that works; it holds no value either."""
        with self._lock:
            self._notice = notice

    def read(self) -> tuple[Condition, str]:
        """The condition and why; of one that works, its notice."""
        with self._lock:
            notice = self._notice if self._condition is Condition.WORKING else ""
            return self._condition, self._why or notice
