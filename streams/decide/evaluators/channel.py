"""JSON messages over a socket, each with its length in front, with a deadline and a bound."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct(">I")
MAX_BYTES = 64 * 1024 * 1024
"""Of a message: 500 labels with a thousand spans each. An answer is far less."""


class Channel:
    """One end. Raises OSError (TimeoutError included), EOFError, ValueError; then it is of no more use."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, content: object, until: float | None = None) -> None:
        """`until` is a time of `time.monotonic`; None waits as long as it takes."""
        encoded = json.dumps(content).encode()
        self._wait_at_most(until)
        self._connection.sendall(_LENGTH.pack(len(encoded)) + encoded)

    def receive(self, until: float | None = None) -> Any:  # noqa: ANN401 - JSON
        """The next message."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, until))
        if length > MAX_BYTES:
            raise ValueError("a message that is too long")
        return json.loads(self._exactly(length, until))

    def close(self) -> None:
        """No more messages."""
        self._connection.close()

    def _exactly(self, length: int, until: float | None) -> bytes:
        found = bytearray()
        while len(found) < length:
            self._wait_at_most(until)
            piece = self._connection.recv(min(length - len(found), 1 << 16))
            if not piece:
                raise EOFError("the other end is closed")
            found += piece
        return bytes(found)

    def _wait_at_most(self, until: float | None) -> None:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
