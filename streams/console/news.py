"""Calls that wait for new events, woken from the thread that reads them. No thread waits."""

from __future__ import annotations

import asyncio
import contextlib


class News:
    """`arrived` and `close` from any thread; the rest from one event loop."""

    def __init__(self) -> None:
        self.closed = False
        self.round = 0
        """Rises with news. Who takes it, looks, and then waits from it on misses nothing that came in between."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._woken = False

    def begin(self) -> None:
        """In the event loop, before anybody waits."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Nobody waits any more: the server is to stop, and would wait for those who do. From any thread."""
        self.closed = True
        self.arrived()

    def arrived(self) -> None:
        """There is something new. Cheap where many come at once."""
        loop = self._loop
        if loop is not None and not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the event loop has ended meanwhile
                loop.call_soon_threadsafe(self._wake)

    async def wait(self, since: int, seconds: float) -> None:
        """Until something new has come after the round `since`, or so long."""
        if self._loop is None or self.closed or self.round != since:
            return
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting.add(turn)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(turn, seconds)
        finally:
            self._waiting.discard(turn)

    def _wake(self) -> None:
        self._woken = False
        self.round += 1
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
