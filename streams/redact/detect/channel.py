"""JSON over a socket between us and a recognizer's process, each message with its length before it.

JSON, never pickle: what comes back is data, whoever wrote the recognizer. No call waits longer than it was told,
whatever the other side does: sends half a message, or reads none.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any, NoReturn

from schemas.hidden import Hidden

MAX_MESSAGE_BYTES = 64 << 20  # a text of 1 MiB, each character an escape of twelve, and room
_LENGTH_BYTES = 4
_CHUNK_BYTES = 1 << 20


class Channel(Hidden):
    """One end. `until` is a time of `time.monotonic`; without one a call waits. One thread at a time.

    After an error the other side may be anywhere in a message: close. Raises `EOFError` where the other side has
    closed, `OSError` (`TimeoutError` among them), and `ValueError` for what is too long or no JSON object.
    """

    __slots__ = ("_end",)

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: dict[str, Any], until: float | None = None) -> None:
        data = json.dumps(message).encode()
        if len(data) > MAX_MESSAGE_BYTES:
            raise ValueError("a message too long")
        self._end.settimeout(_left(until))
        self._end.sendall(len(data).to_bytes(_LENGTH_BYTES, "big") + data)  # the limit is for all of it

    def receive(self, until: float | None = None) -> dict[str, Any]:
        length = int.from_bytes(self._read(_LENGTH_BYTES, until), "big")
        if length > MAX_MESSAGE_BYTES:
            raise ValueError("a message too long")
        return _parsed(self._read(length, until))

    def close(self) -> None:
        self._end.close()

    def _read(self, count: int, until: float | None) -> bytearray:
        data = bytearray()
        while len(data) < count:
            self._end.settimeout(_left(until))
            part = self._end.recv(min(count - len(data), _CHUNK_BYTES))
            if not part:
                raise EOFError
            data += part
        return data


def _left(until: float | None) -> float | None:
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _parsed(data: bytearray) -> dict[str, Any]:
    try:
        message = json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("a message too deep") from None
    if not isinstance(message, dict):
        raise ValueError("a message is an object")  # noqa: TRY004 - what the callers await
    return message


def _refuse(_name: str) -> NoReturn:
    """NaN and infinities are no JSON."""
    raise ValueError("a message with what is no number")
