"""HTTP/1.1 by httptools, whose parser takes headers without an end; here they are bounded while they arrive."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHttp(HttpToolsProtocol):
    """Answers 400 and hangs up once the headers of one request take more than `h11_max_incomplete_event_size`
    bytes of the packets after the one they began in. What arrives whole is `Guard`'s to measure.
    """

    _in_headers = False
    _pending = 0

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._in_headers = True

    def on_headers_complete(self) -> None:
        """From here on the body is counted (`bodies.py`)."""
        self._in_headers = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parse a packet; count it where it only made the headers longer."""
        began_earlier = self._in_headers
        super().data_received(data)
        self._pending = self._pending + len(data) if began_earlier and self._in_headers else 0
        if self._pending > (self.config.h11_max_incomplete_event_size or 0) and not self.transport.is_closing():
            self.send_400_response("Too many headers.")
