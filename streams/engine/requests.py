"""The seam to whoever asks something of a stage while it runs (label's HTTP server)."""

from __future__ import annotations

from typing import Any, Protocol

from streams.engine.processor import Request


class RequestSource(Protocol):
    """Requests in the order they came. `take` and `wait` are called by the loop's thread only."""

    def take(self, limit: int) -> list[Request[Any]]:
        """Up to `limit` requests that wait; never blocks."""
        ...

    def wait(self, timeout: float) -> bool:
        """Block until a request waits or `timeout` seconds are over; whether one waits."""
        ...


class NoRequests:
    """For stages that nobody asks anything: all waiting is done in `Session.poll`."""

    def take(self, limit: int) -> list[Request[Any]]:  # noqa: ARG002 - the protocol's signature
        """Nothing."""
        return []

    def wait(self, timeout: float) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nobody comes."""
        return False
