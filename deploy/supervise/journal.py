"""The supervisor's own log: one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from schemas.files import PRIVATE_FILE


class Journal:
    """Appends events to `path`, mode 0600; thread-safe. `clock` gives seconds since the epoch."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def note(self, event: str, **details: str | float | None) -> None:
        line = json.dumps({"time": round(self._clock(), 3), "event": event, **details}) + "\n"
        # On a full disk the line is lost; whoever reports must go on.
        with self._lock, contextlib.suppress(OSError):
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
