"""Starts processes that die with their owner.

The kernel's tie (see tether.py) is to the *thread* that forked, not to the process. So one thread that never ends
forks everything: a child started from a short-lived worker thread would be killed when that thread returns.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from schemas.errors import StackError

TETHER = Path(__file__).with_name("tether.py")
Child = subprocess.Popen[bytes]


class Running(Protocol):
    """A program that was started. Each of these may be asked of one that has ended."""

    @property
    def pid(self) -> int:
        """Of its first process, on this machine."""

    def send_signal(self, sig: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for the signal that ended it. Raises subprocess.TimeoutExpired."""


class Spawner(Protocol):
    """Starts programs that don't outlive their owner. Thread-safe."""

    def spawn(
        self, argv: Sequence[str], env: Mapping[str, str], log_file: Path, cwd: Path, handed: bytes = b""
    ) -> Running:
        """As `Nursery.spawn`."""


class Nursery:
    """One thread that forks for everybody; thread-safe. It ends with the process and needs no stop."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Future[Child], _Birth]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def spawn(
        self, argv: Sequence[str], env: Mapping[str, str], log_file: Path, cwd: Path, handed: bytes = b""
    ) -> Child:
        """Start `argv` (first item: an absolute path); its output is appended to `log_file` (mode 0600). What it
        is `handed` (less than a pipe holds, 4 kB everywhere) it finds in its standard input, up to the end.

        Blocks for the fork only. Raises StackError when the program or the log file can't be opened.
        """
        future: Future[Child] = Future()
        self._requests.put((future, _Birth(argv, env, log_file, cwd, handed)))
        self._ensure_running()
        return future.result()

    def _ensure_running(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="nursery", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while True:
            future, birth = self._requests.get()
            try:
                future.set_result(birth.happen())
            except OSError as error:
                future.set_exception(StackError(f"{birth.argv[0]} could not be started: {error.strerror}."))
            except Exception as error:  # noqa: BLE001 - with this thread all children would end
                future.set_exception(error)


class _Birth:
    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], log_file: Path, cwd: Path, handed: bytes
    ) -> None:
        self.argv, self.env, self.log_file, self.cwd, self.handed = list(argv), dict(env), log_file, cwd, handed

    def happen(self) -> Child:
        log = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.argv],
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.PIPE if self.handed else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the owner alone, which stops its children in order
            )
        finally:
            os.close(log)
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError), child.stdin:  # it has ended already
                child.stdin.write(self.handed)
        return child


NURSERY = Nursery()
"""The one that everybody uses; its thread starts with the first child."""
