"""A process asks for what it logs in with, at a socket that it shares with the starter alone.

One line goes there: `login`, and what comes back is handed over, good once; or `used-up`: what was handed over was
used before this process came to it. Nothing comes back where there is nothing yet; then it is asked again.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from schemas.errors import DependencyError

LOGIN, USED_UP = b"login\n", b"used-up\n"
SOCKET = "socket"
"""Its name, in a folder of its own for each process."""
HANDED_BYTES = 1024
"""A wrapping token has about a hundred."""
HEARD_S = 0.5
"""How soon one that waits for an answer notices that it is to stop, or that its time is over."""
RETRY_S = 0.5
PATIENCE_S = 90.0
"""All start side by side, the starter among them, and Vault may be electing a leader; then whoever has started
this process starts it again."""
TOLD_WITHIN_S = 5.0


def ask(
    path: Path,
    stop: threading.Event,
    patience_s: float = PATIENCE_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """What is handed over; empty where `stop` was set meanwhile. Blocks.

    Raises DependencyError where nobody hands anything over for `patience_s` seconds, whether nobody is there or
    whoever is there does not answer.
    """
    until = monotonic() + patience_s

    def over() -> bool:
        return stop.is_set() or monotonic() >= until

    while not over():
        if found := _said(path, LOGIN, over):
            return found
        stop.wait(RETRY_S)
    if stop.is_set():
        return ""
    raise DependencyError(
        f"{path}: nobody has handed over a login for {patience_s:.0f} s; does the starter run, and Vault answer?"
    )


def tell_used_up(path: Path) -> None:
    """Say that somebody else was there first. Never raises: nobody may be there to hear it."""
    until = time.monotonic() + TOLD_WITHIN_S
    _said(path, USED_UP, lambda: time.monotonic() >= until)


def _said(path: Path, line: bytes, over: Callable[[], bool]) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(HEARD_S)
        try:
            asked.connect(str(path))
            asked.sendall(line)
            found = _answer(asked, over)
        except OSError:
            return ""
    return found.decode("ascii", "replace").strip()


def _answer(asked: socket.socket, over: Callable[[], bool]) -> bytes:
    """Up to its end. What was handed over in part is nothing."""
    found = b""
    while len(found) < HANDED_BYTES:
        try:
            part = asked.recv(HANDED_BYTES)
        except TimeoutError:
            if over():
                return b""
            continue
        if not part:
            break
        found += part
    return found
