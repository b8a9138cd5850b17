"""One attempt to deliver a message: resolve, check the address, connect to it, post, read a status.

The address that was checked is the one connected to, so that a name can't point elsewhere meanwhile. Redirects are
not followed, a proxy is not asked, and nothing of the answer but its status and headers is read.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

from streams.notify import addresses

AGENT = "veilstream-webhooks/1"


class Outcome(StrEnum):
    """How an attempt ended. Part of the audit: add, never rename."""

    DELIVERED = "delivered"
    ADDRESS_REFUSED = "address_refused"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    REDIRECTED = "redirected"
    GONE = "gone"
    """410: the receiver wants nothing more of this. Not tried again."""
    ANSWERED_4XX = "answered_4xx"
    ANSWERED_5XX = "answered_5xx"
    UNSIGNED = "unsigned"
    """Its secret can't be read; nothing goes out without a signature."""


Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to post. `context` is None for plain HTTP."""

    url: str
    private: bool
    context: ssl.SSLContext | None


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def post(
    to: Destination, body: bytes, headers: Mapping[str, str], limit_s: float, look_up: Resolve = resolve
) -> Outcome:
    """Deliver once. Blocks for `limit_s` seconds at most, after the name is resolved. Never raises."""
    parts = urlsplit(to.url)
    host = parts.hostname or ""
    port = parts.port or (443 if to.context else 80)
    try:
        found = look_up(host, port)
    except OSError:
        return Outcome.UNREACHABLE
    if addresses.refused(found, private=to.private):
        return Outcome.ADDRESS_REFUSED
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = _Deadline(limit_s)
    try:
        with deadline.watch(_connected(found[0], host, port, to.context, limit_s)) as connection:
            connection.request("POST", path, body, {**headers, "user-agent": AGENT})
            return of_status(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return Outcome.TOO_SLOW if deadline.passed else Outcome.UNREACHABLE


def of_status(status: int) -> Outcome:
    """What a receiver's answer means."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.DELIVERED
    if status < HTTPStatus.BAD_REQUEST:
        return Outcome.REDIRECTED
    if status == HTTPStatus.GONE:
        return Outcome.GONE
    return Outcome.ANSWERED_4XX if status < HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.ANSWERED_5XX


def _connected(
    address: str, host: str, port: int, context: ssl.SSLContext | None, limit_s: float
) -> http.client.HTTPConnection:
    """A connection to the address, which the name's certificate must cover."""
    plain = socket.create_connection((address, port), timeout=limit_s)
    try:
        connection = http.client.HTTPConnection(host, port, timeout=limit_s)
        connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
    except BaseException:
        plain.close()
        raise
    return connection


class _Deadline:
    """Ends a connection when its time is over: a socket's own limit begins anew with each byte."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self.passed = False

    @contextlib.contextmanager
    def watch(self, connection: http.client.HTTPConnection) -> Iterator[http.client.HTTPConnection]:
        timer = threading.Timer(self._limit_s, self._end, [connection.sock])
        timer.daemon = True
        timer.start()
        try:
            yield connection
        except TimeoutError:
            self.passed = True
            raise
        finally:
            timer.cancel()
            connection.close()

    def _end(self, sock: socket.socket) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
