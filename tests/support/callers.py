"""Clients that say what a test wants, byte by byte, and see when they are hung up on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PATIENCE_S = 20.0
"""Longer than anything takes here on cores that others use."""


class Caller:
    """One connection."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire

    def say(self, words: bytes) -> None:
        """Whether or not anybody listens."""
        with suppress(ConnectionError):
            self.wire.sendall(words)

    def hears(self, words: bytes) -> bool:
        """Waits for words that an answer ends with. TimeoutError where they don't come."""
        heard = b""
        with suppress(ConnectionError):
            while not heard.endswith(words) and (piece := self.wire.recv(65536)):
                heard += piece
        return heard.endswith(words)

    def is_hung_up_on(self) -> bool:
        """Waits for it. TimeoutError where nobody hangs up."""
        with suppress(ConnectionError):
            while self.wire.recv(65536):
                pass
        return True

    def trickles_until_hung_up_on(self, words: bytes, pause_s: float = 0.01) -> bool:
        """Byte by byte. False where all of them were taken."""
        self.wire.settimeout(pause_s)
        for byte in words:
            self.say(bytes([byte]))
            try:
                return self.is_hung_up_on()
            except TimeoutError:
                continue
        return False


@contextmanager
def calling(url: str, address: str = "127.0.0.1") -> Iterator[Caller]:
    """From an address of this machine's own."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), PATIENCE_S, (address, 0)) as wire:
        yield Caller(wire)
