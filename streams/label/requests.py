"""The way from the API's threads to the loop and back: bounded, thread-safe, answered after the commit.

Requests that come together are committed together. People who work without a pause come back a moment after they
were answered, one after the other; a round that began with the first of them would commit for one or two. So a
round waits for as many as were answered last or wait already, while they keep coming. Whoever is alone waits once,
3 ms at most, and then for nobody. With eight annotators a transaction carries seven requests instead of four
(measured).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from schemas.errors import LogUnavailable
from streams.engine.processor import Request
from streams.label.waiters import Waiters

GAP_S = 0.003
"""Nobody for so long: those who are expected are busy with their tasks. On a busy machine they come 1–3 ms apart.
"""
GATHER_S = 0.01
"""The longest wait for others: two commits' time, which is what coming too late for one costs."""


class Overloaded(LogUnavailable):
    """As many requests wait as are allowed to, or the loop has stopped: ask again later."""


class RequestQueue:
    """Commands wait here until the loop takes them with its next batch. All calls are thread-safe."""

    def __init__(self, limit: int, waiting: int = 0) -> None:
        self.waiters = Waiters(waiting)
        """Who got no task and waits for one; closed with this queue."""
        self._limit = limit
        self._waiting: deque[tuple[Any, Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._taken = 0
        """How many the last round took."""
        self._expected = 0
        """How many may come for the next one: those it answered, and those who had come by then."""

    def ask(self, command: object) -> Future[Any]:
        """Queue a command. Its future gets the answer, or the exception that prevented it.

        Raises Overloaded at once. A future that is cancelled before the loop takes it is never carried out.
        """
        future: Future[Any] = Future()
        with self._changed:
            if self._closed or len(self._waiting) >= self._limit:
                raise Overloaded("too many requests wait for the queue")
            self._waiting.append((command, future))
            if len(self._waiting) == 1 or len(self._waiting) >= self._expected:
                self._changed.notify()
        return future

    def take(self, limit: int) -> list[Request[Any]]:
        """Up to `limit` requests, the oldest first; those nobody waits for any more are left out."""
        taken: list[Request[Any]] = []
        with self._changed:
            while self._waiting and len(taken) < limit:
                command, future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    taken.append(Request(command, _answering(future, self._answers_begin)))
            self._taken, self._expected = len(taken), 0
        return taken

    def wait(self, timeout: float) -> bool:
        """Block until a request waits, at most `timeout` seconds, and then for those who may come with it (at most
        `GATHER_S`). Whether one waits.
        """
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closed, timeout)
            self._gather()
            return bool(self._waiting)

    def _gather(self) -> None:
        until, seen = time.monotonic() + GATHER_S, 0
        while seen < len(self._waiting) < self._expected and time.monotonic() < until:
            seen = len(self._waiting)
            self._changed.wait(GAP_S)

    def _answers_begin(self) -> None:
        """Counted before the first answer is given: whoever comes after it may be one of those answered."""
        self._expected = self._expected or self._taken + len(self._waiting)

    def wake(self) -> None:
        """Let a `wait` return early, for example to stop."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse what comes, and answer what waits with Overloaded."""
        self.waiters.close()
        with self._changed:
            self._closed = True
            left, self._waiting = self._waiting, deque()
            self._changed.notify_all()
        for _, future in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(Overloaded("the queue is stopping"))


class _answering:  # noqa: N801 - used as a function
    """Answers one request, once; a second answer (after an answer in doubt) is dropped."""

    __slots__ = ("_before", "_future")

    def __init__(self, future: Future[Any], before: Callable[[], None]) -> None:
        self._future = future
        self._before = before

    def __call__(self, answer: object) -> None:
        if self._future.done():
            return
        self._before()
        if isinstance(answer, BaseException):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)
