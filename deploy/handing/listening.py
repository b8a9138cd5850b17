"""One slot's socket: whoever connects says at once what it wants, and is answered before the next one is heard.

One thread for each slot, however many connect there, and a time for each request as a whole: a process that was
taken over keeps itself from being started, and nobody else.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from deploy.handing.asking import HANDED_BYTES, LOGIN, USED_UP
from deploy.handing.rate import MOST, WINDOW_S, Rate
from schemas.errors import VeilError

ASKED_WITHIN_S = 5.0
"""From the connection to the end of the line, and again until an answer is taken."""
LOOK_S = 0.5
"""How soon it notices that it is to end."""
PAUSE_S = 0.05
"""After each request: a loop at one socket would keep this process busy, and its log full."""
WAITING = 4
"""Who comes while another is answered: one process asks here, and one that was killed may have asked before it."""

log = structlog.get_logger()


def line_of(asked: socket.socket, monotonic: Callable[[], float] = time.monotonic) -> bytes:
    """What is asked, up to the end of its line; what has come of it where that is all. Raises OSError, and
    TimeoutError where it takes longer than `ASKED_WITHIN_S`, however it comes.
    """
    until, found = monotonic() + ASKED_WITHIN_S, b""
    while not found.endswith(b"\n") and len(found) < HANDED_BYTES:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError
        asked.settimeout(left)
        part = asked.recv(HANDED_BYTES)
        if not part:
            break
        found += part
    return found


class Slot:
    """Answers at `path` from a thread of its own, from `start` until `stop` is set. Raises OSError."""

    def __init__(
        self,
        path: Path,
        name: str,
        hand: Callable[[], bytes],
        used_up: Callable[[], None],
        stop: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._hand, self._used_up, self._stop, self._monotonic = hand, used_up, stop, monotonic
        self._rate = Rate()
        self._listening = _listening(path)
        self._thread = threading.Thread(target=self._serve, name=f"login {name}", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def join(self, within_s: float) -> None:
        """Once `stop` is set: wait for the answer that is being given, and listen no more."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, within_s))
        self._listening.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                asked, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError as error:  # no file is left to open, or nobody listens any more
                log.warning("not_accepted", slot=self.name, why=error.strerror)
                self._stop.wait(LOOK_S)
                continue
            with asked:
                self._heard(asked)
            self._stop.wait(PAUSE_S)

    def _heard(self, asked: socket.socket) -> None:
        try:
            self._answer(asked)
        except OSError:
            pass  # whoever has asked is gone, or was too slow, and asks again
        except Exception as error:  # the next one that asks is answered all the same
            log.critical("bug", exc_info=error)

    def _answer(self, asked: socket.socket) -> None:
        line = line_of(asked, self._monotonic)
        if line == USED_UP:
            self._used_up()
        elif line == LOGIN and not _gone(asked):
            token = self._handed()
            asked.settimeout(ASKED_WITHIN_S)
            asked.sendall(token)

    def _handed(self) -> bytes:
        """Nothing where there is nothing yet, or too many were handed: it is asked again."""
        now = self._monotonic()
        if not self._rate.allows(now):
            if self._rate.news():
                log.warning("too_many_logins", slot=self.name, most=MOST, within_s=WINDOW_S)
            return b""
        try:
            token = self._hand()
        except VeilError as error:
            log.warning("not_yet", exc_info=error)
            return b""
        self._rate.count(now)
        return token


def _gone(asked: socket.socket) -> bool:
    """Whether whoever has asked has given up meanwhile: then no login is made that nobody takes."""
    asked.setblocking(False)
    try:
        return asked.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of the starter before this one
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        path.chmod(0o600)
        made.listen(WAITING)
    except OSError:
        made.close()
        raise
    made.settimeout(LOOK_S)
    return made
