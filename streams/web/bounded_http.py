"""HTTP/1.1 by httptools, whose parser takes headers and trailers without an end; here they are bounded."""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHttp(HttpToolsProtocol):
    """Answers 400 and hangs up once what is neither request line nor body takes more than
    `h11_max_incomplete_event_size` bytes of the packets after the one it began in: headers, trailers, chunk signs.
    What arrives whole is `Guard`'s to measure. An upgrade to another protocol is refused.
    """

    _in_headers = False
    _under_way = False
    _moved = False
    _pending = 0

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._in_headers = self._under_way = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is kept. A trailer comes after `Guard` has measured, and nobody reads it: it is not."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the body is counted (`bodies.py`)."""
        if self.parser.should_upgrade():  # the parser would take the body for the next request
            raise httptools.HttpParserError("no upgrades")
        self._in_headers, self._moved = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._under_way = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Parse a packet; count it where it brought a request under way no further."""
        began_earlier, self._moved = self._under_way, False
        super().data_received(data)
        stuck = began_earlier and self._under_way and not self._moved
        self._pending = self._pending + len(data) if stuck else 0
        if self._pending > (self.config.h11_max_incomplete_event_size or 0) and not self.transport.is_closing():
            self.send_400_response("Too many headers.")
