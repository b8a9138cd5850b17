"""Keeps logs that processes append to from filling the disk.

A process holds its log open for as long as it runs, so a new name would not free it of what it has written: its
content is copied to `<log>.1`, in place of what was there, and cut off. A line that comes in the moment between
copy and cut is in neither; what must not be lost is on the audit and in no log of these.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from deploy.supervise.files import alone
from schemas.files import PRIVATE_FILE

LIMIT_BYTES = 16 * 1024 * 1024
"""Enough to see why a process ended, and how often; twice as much is kept."""
LOOK_EVERY_S = 60.0


def put_aside(log: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """If it is as large as that. Where the disk refuses, all is still in it, and the next look tries again."""
    with contextlib.suppress(OSError):
        if log.stat().st_size < limit_bytes:
            return
        with alone(log):  # the two supervisors of a root write one journal
            if log.stat().st_size >= limit_bytes:
                _cut(log, log.with_name(f"{log.name}.1"))


def _cut(log: Path, older: Path) -> None:
    older.unlink(missing_ok=True)  # first, so that a full disk has room for the copy
    handle = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as copy, log.open("r+b") as current:
        shutil.copyfileobj(current, copy)
        copy.flush()
        current.truncate(0)


class Bounded:
    """Looks at these logs now and then, in a thread of its own, from `start` to `stop`; again and again."""

    def __init__(
        self, logs: Sequence[Path], limit_bytes: int = LIMIT_BYTES, every_s: float = LOOK_EVERY_S
    ) -> None:
        self._logs = tuple(logs)
        self._limit_bytes = limit_bytes
        self._every_s = every_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._stopping.clear()
                self._thread = threading.Thread(target=self._run, name="bounded logs", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            if self._thread is not None:
                self._thread.join()
                self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            for log in self._logs:
                put_aside(log, self._limit_bytes)
