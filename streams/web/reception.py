"""Takes a server's connections, has each of them a place from then on, and ends those that let it wait too long.

uvicorn leaves all this to the event loop, which takes whoever comes and lets a TLS handshake last a minute. It
counts connections only where somebody asks, so as many silent ones as it counts keep out whoever asks, on
connections that were there before, too.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

import structlog

from streams.web.bounded_http import BoundedHttp
from streams.web.places import gives_way, neighbourhood

_REST_S = 0.1
"""Where the system has no descriptor left: somebody else's may be free again soon."""
_SAID_EVERY_S = 60.0
"""Whoever wants to fill the log by connecting gets one line a minute."""

log = structlog.get_logger()
New = Callable[[bytes, Callable[[BoundedHttp], None]], BoundedHttp]
"""A protocol for a connection, of its neighbourhood and of what hears of its end."""


class Reception:
    """Of one server, in its event loop."""

    def __init__(self, places: int, new: New, tls: ssl.SSLContext | None) -> None:
        self._places = places
        self._new = new
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._guests: dict[BoundedHttp, asyncio.Task[None]] = {}
        self._accepting: list[asyncio.Task[None]] = []
        self._untold: Counter[str] = Counter()
        self._told_at = -_SAID_EVERY_S

    def listen(self, listening: Iterable[socket.socket]) -> None:
        """Take whoever comes, until `close`."""
        for it in listening:
            it.setblocking(False)
            self._accepting.append(self._loop.create_task(self._accept(it)))

    def tick(self) -> None:
        """End what lets the server wait too long; called again and again."""
        now = self._loop.time()
        for it in [guest for guest in self._guests if guest.is_overdue(now)]:
            self._end(it)
        if self._untold and now >= self._told_at + _SAID_EVERY_S:
            log.warning("places_taken", places=self._places, **self._untold)
            self._told_at = now
            self._untold.clear()

    async def close(self) -> None:
        """Take nobody any more. Who is connected may stay; who is on the way to it goes."""
        coming = [task for guest, task in self._guests.items() if not guest.connected]
        for task in (ending := [*self._accepting, *coming]):
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                arrived, address = await self._loop.sock_accept(listening)
            except ConnectionAbortedError:  # gone before it was taken
                continue
            except OSError:
                self._untold["no_descriptor"] += 1
                await asyncio.sleep(_REST_S)
            else:
                self._take(arrived, neighbourhood(address[0]))

    def _take(self, arrived: socket.socket, whence: bytes) -> None:
        if len(self._guests) >= self._places and not self._made_room(whence):
            self._untold["turned_away"] += 1
            arrived.close()
            return
        guest = self._new(whence, self._gone)
        task = self._loop.create_task(self._welcome(guest, arrived))
        self._guests[guest] = task
        task.add_done_callback(partial(self._welcomed, guest, arrived))

    def _made_room(self, whence: bytes) -> bool:
        guest = gives_way(self._guests, whence)
        if guest is None:
            return False
        self._untold["gave_way"] += 1
        self._end(guest)
        return True

    async def _welcome(self, guest: BoundedHttp, arrived: socket.socket) -> None:
        with suppress(OSError):  # whoever came is gone, or speaks no TLS
            await self._loop.connect_accepted_socket(lambda: guest, arrived, ssl=self._tls)

    def _welcomed(self, guest: BoundedHttp, arrived: socket.socket, _: asyncio.Task[None]) -> None:
        if not guest.connected:
            arrived.close()
            self._gone(guest)

    def _end(self, guest: BoundedHttp) -> None:
        """At once: what it has not taken by now it would let us wait for, too."""
        coming = self._guests.pop(guest)
        if guest.connected:
            guest.transport.abort()
        else:
            coming.cancel()

    def _gone(self, guest: BoundedHttp) -> None:
        self._guests.pop(guest, None)
