"""The way from the API's threads to the loop and back: bounded, thread-safe, answered after the commit."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

from schemas.errors import LogUnavailable
from streams.engine.processor import Request


class Overloaded(LogUnavailable):
    """As many requests wait as are allowed to, or the loop has stopped: ask again later."""


class RequestQueue:
    """Commands wait here until the loop takes them with its next batch. All calls are thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[tuple[Any, Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def ask(self, command: object) -> Future[Any]:
        """Queue a command. Its future gets the answer, or the exception that prevented it.

        Raises Overloaded at once. A future that is cancelled before the loop takes it is never carried out.
        """
        future: Future[Any] = Future()
        with self._changed:
            if self._closed or len(self._waiting) >= self._limit:
                raise Overloaded("too many requests wait for the queue")
            self._waiting.append((command, future))
            self._changed.notify()
        return future

    def take(self, limit: int) -> list[Request[Any]]:
        """Up to `limit` requests, the oldest first; those nobody waits for any more are left out."""
        taken: list[Request[Any]] = []
        with self._changed:
            while self._waiting and len(taken) < limit:
                command, future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    taken.append(Request(command, _answering(future)))
        return taken

    def wait(self, timeout: float) -> bool:
        """Block until a request waits, at most `timeout` seconds. Whether one does."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._waiting) or self._closed, timeout) and bool(
                self._waiting
            )

    def wake(self) -> None:
        """Let a `wait` return early, for example to stop."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse what comes, and answer what waits with Overloaded."""
        with self._changed:
            self._closed = True
            left, self._waiting = self._waiting, deque()
            self._changed.notify_all()
        for _, future in left:
            if future.set_running_or_notify_cancel():
                future.set_exception(Overloaded("the queue is stopping"))


class _answering:  # noqa: N801 - used as a function
    """Answers one request, once; a second answer (after an answer in doubt) is dropped."""

    __slots__ = ("_future",)

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def __call__(self, answer: object) -> None:
        if self._future.done():
            return
        if isinstance(answer, BaseException):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)
