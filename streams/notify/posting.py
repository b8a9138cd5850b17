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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

from streams.notify import addresses

AGENT = "veilstream-webhooks/1"
_LEAST_S = 0.001


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
"""The addresses of a name. Raises OSError; ValueError for a name that can't be asked for."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to post. `context` is None for plain HTTP. The address may hold a token, so it doesn't show."""

    url: str = field(repr=False)
    private: bool
    context: ssl.SSLContext | None


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def post(
    to: Destination, body: bytes, headers: Mapping[str, str], limit_s: float, look_up: Resolve = resolve
) -> Outcome:
    """Deliver once. Never raises.

    Blocks for `limit_s` seconds at most from when the name is resolved: connecting, TLS and the answer share them.
    How long the look-up takes is the resolver's to say; it can't be broken off.
    """
    parts = urlsplit(to.url)
    host = parts.hostname or ""
    port = parts.port or (443 if to.context else 80)
    try:
        found = look_up(host, port)
    except (OSError, ValueError):  # ValueError: a label is empty or too long to be asked for
        return Outcome.UNREACHABLE
    if addresses.refused(found, private=to.private):
        return Outcome.ADDRESS_REFUSED
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = _Deadline(limit_s)
    try:
        with deadline.watch(_connected(found[0], host, port, to.context, deadline.left_s)) as connection:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("POST", path, body, {**headers, "user-agent": AGENT})
            return of_status(connection.getresponse().status)
    except (OSError, ValueError, http.client.HTTPException):  # ValueError: of TLS, about a connection that is over
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
    """A connection to the address, before the handshake: in it, the certificate must cover the name."""
    plain = socket.create_connection((address, port), timeout=limit_s)
    try:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = (
            context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False) if context else plain
        )
    except BaseException:
        plain.close()
        raise
    return connection


class _Deadline:
    """Ends a connection when its time is over: a socket's own limit begins anew with each byte."""

    def __init__(self, limit_s: float) -> None:
        self._ends = time.monotonic() + limit_s
        self.passed = False

    @property
    def left_s(self) -> float:
        """Never nothing: that would mean to a socket that it must not wait at all."""
        return max(self._ends - time.monotonic(), _LEAST_S)

    @contextlib.contextmanager
    def watch(self, connection: http.client.HTTPConnection) -> Iterator[http.client.HTTPConnection]:
        left_s = self.left_s
        connection.sock.settimeout(left_s)
        timer = threading.Timer(left_s, self._end, [connection.sock])
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
            # Not TLS's own, which takes the session away from whoever reads from it meanwhile.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
