"""HTTP/1.1 by httptools, whose parser takes headers and trailers without an end and for as long as anybody likes.
Here they are bounded, in bytes and in time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from streams.web.settings import ConnectionSettings


class BoundedHttp(HttpToolsProtocol):
    """Answers 400 and hangs up once what is neither request line nor body takes more than
    `h11_max_incomplete_event_size` bytes of the packets after the one it began in: headers, trailers, chunk signs.
    What arrives whole is `Guard`'s to measure. An upgrade to another protocol is refused.

    It says since when, and whether for too long, the server waits for its client, from the moment the connection
    is taken; `Reception` acts on it. uvicorn has a timer of its own between requests only, and whatever is said
    then ends it, an empty line, too. `lost` hears of the end of a connection that was made.
    """

    _in_headers = False
    _under_way = False
    _moved = False
    _pending = 0

    def __init__(
        self,
        config: Config,
        state: ServerState,
        app_state: dict[str, Any],
        limits: ConnectionSettings,
        neighbourhood: bytes,
        lost: Callable[[BoundedHttp], None],
    ) -> None:
        super().__init__(config, state, app_state)
        self.neighbourhood = neighbourhood
        self.connected = False
        """Whether TLS, where there is any, has come about."""
        self._limits = limits
        self._lost = lost
        self._turn_since: float | None = self.loop.time()
        self._due = self.loop.time() + limits.headers_s
        """When the client must have said what it is to say next."""
        self._untaken_since: float | None = None
        """Since when it takes nothing of its answer."""

    @property
    def waits_since(self) -> float | None:
        """Since when the server waits for the client; None: it does not."""
        return self._turn_since if self._untaken_since is None else self._untaken_since

    def is_overdue(self, now: float) -> bool:
        """Whether it has waited for too long."""
        untaken = self._untaken_since is not None and now >= self._untaken_since + self._limits.untaken_s
        return untaken or now >= self._due

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Ready to listen."""
        self.connected = True
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever ended it."""
        super().connection_lost(exc)
        self._lost(self)

    def pause_writing(self) -> None:
        """The client takes nothing just now."""
        super().pause_writing()
        self._untaken_since = self.loop.time()

    def resume_writing(self) -> None:
        """It takes something again."""
        super().resume_writing()
        self._untaken_since = None

    def on_message_begin(self) -> None:
        """A request's first byte. The first request's time has begun with the connection."""
        super().on_message_begin()
        self._in_headers = self._under_way = True
        if self.cycle is not None:
            self._due = self.loop.time() + self._limits.headers_s

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is kept. A trailer comes after `Guard` has measured, and nobody reads it: it is not."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the body is counted (`bodies.py`)."""
        if self.parser.should_upgrade():  # the parser would take the body for the next request
            raise httptools.HttpParserError("no upgrades")
        self._in_headers, self._moved = False, True
        self._due = self.loop.time() + self._limits.body_s
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._under_way = False
        super().on_message_complete()
        if self.cycle.response_complete:
            self._rest()
        else:
            self._turn_since, self._due = None, math.inf

    def on_response_complete(self) -> None:
        """What was answered before it was whole has the time of its body still."""
        queued = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.is_closing() or not (self._under_way or queued):
            self._rest()
        elif not queued:
            self._turn_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """And hang up."""
        super().send_400_response(msg)
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Parse a packet; count it where it brought a request under way no further."""
        began_earlier, self._moved = self._under_way, False
        super().data_received(data)
        stuck = began_earlier and self._under_way and not self._moved
        self._pending = self._pending + len(data) if stuck else 0
        if self._pending > (self.config.h11_max_incomplete_event_size or 0) and not self.transport.is_closing():
            self.send_400_response("Too many headers.")

    def _rest(self) -> None:
        """Until the client asks again, or has taken the last words it was told."""
        self._turn_since = self.loop.time()
        self._due = self._turn_since + self._limits.idle_s
