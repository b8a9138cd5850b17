"""Waiting for a call only so long, where a client may ignore its own time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class CallHangs(Exception):
    """The call did not come back in time. It may still be under way, and may still take effect."""


class BoundedCalls:
    """Runs calls one after the other on a thread of its own. Not thread-safe; of no use after `CallHangs`.

    The thread does not keep the process alive, and ends with `close` unless its call hangs for ever.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, what: Callable[[], T], limit_s: float) -> T:
        """What the call returns or raises; CallHangs after `limit_s` seconds."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        call = _Call(what)
        self._calls.put(call)  # type: ignore[arg-type] # its result goes to us alone
        return call.wait(limit_s)

    def close(self) -> None:
        """No more calls."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call.make()


class _Call(Generic[T]):
    def __init__(self, what: Callable[[], T]) -> None:
        self._what = what
        self._outcome: SimpleQueue[tuple[bool, T | BaseException]] = SimpleQueue()

    def make(self) -> None:
        try:
            self._outcome.put((True, self._what()))
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            self._outcome.put((False, error))

    def wait(self, limit_s: float) -> T:
        try:
            returned, outcome = self._outcome.get(timeout=limit_s)
        except Empty:
            raise CallHangs(f"no answer within {limit_s:.0f} s") from None
        if not returned:
            assert isinstance(outcome, BaseException)
            try:
                raise outcome
            finally:
                del outcome  # it would hold this frame, and by that itself and all that the call knew
        return outcome  # type: ignore[return-value] # the flag says which it is
