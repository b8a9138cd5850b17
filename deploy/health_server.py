"""`/healthz` and `/metrics` of one process, on loopback, and where that is asked for on one address more. Says
conditions and counts, never content; why a condition is so on loopback alone, since it may name who has frozen or
paused a project.

Whoever reaches it may connect as often as it likes, so a connection has a time, and each address a number of them
and, beyond loopback, of answers in a while, for each costs the process a little of its time (`neighbours.py`). A
neighbour that asks too much takes no thread that the process needs, and no answer from who else asks.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from deploy.neighbours import Most, Neighbours
from schemas.errors import StackError
from streams.engine import metrics
from streams.engine.health import Condition, Health

LOOPBACK = "127.0.0.1"
WELL = (Condition.WORKING, Condition.STANDING_BY)


ANSWERED_WITHIN_S = 5.0
"""A connection as a whole. An engine's probe gives up after three seconds, Prometheus after five or ten."""
ON_LOOPBACK = Most()
BEYOND = Most(often=20, window_s=10.0)
"""Of each address: Prometheus that asks every five seconds takes two answers of these, a probe one or two. Each
takes the process 2 ms: answered as often as eight neighbours can ask, it did a quarter less of what else it does.
"""


class HealthServer:
    """Serves from threads of its own until `stop`. `also`: a name or address of this machine besides loopback, on
    which it listens at the same port; empty: none. Raises StackError where it can't listen.
    """

    def __init__(
        self, health: Health, port: int, also: str = "", answered_within_s: float = ANSWERED_WITHIN_S
    ) -> None:
        listening = partial(_listening, health=health, within_s=answered_within_s)
        self._servers = [listening(LOOPBACK, port, most=ON_LOOPBACK)]
        try:
            if also:
                self._servers.append(listening(also, self.port, most=BEYOND))
        except StackError:
            self._servers[0].server_close()
            raise
        for server in self._servers:
            threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._servers[0].server_address[1])

    def stop(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.shutdown()
            server.server_close()


Asked = socket.socket | tuple[bytes, socket.socket]
"""A connection, as the base class has it: the second is of servers of datagrams."""


class _Server(ThreadingHTTPServer):
    """A thread for each connection, each for a limited time, and no more of them than `most` allows."""

    request_queue_size = 128
    """With the usual five, who connects as often as it can made a probe wait a second."""

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], within_s: float, most: Most
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._within_s, self._neighbours = within_s, Neighbours(most)
        self._lock = threading.Lock()
        self._since: dict[Asked, tuple[str, float]] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without asking what names this address has: nobody wants to know, and a name service may be slow."""
        TCPServer.server_bind(self)

    def process_request(self, request: Asked, client_address: tuple[str, int]) -> None:
        if self._takes(request, client_address[0], time.monotonic()):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def _takes(self, request: Asked, address: str, now: float) -> bool:
        with self._lock:
            if taken := self._neighbours.takes(address, now):
                self._since[request] = (address, now)
        return taken

    def finish_request(self, request: Asked, client_address: object) -> None:
        with suppress(OSError):  # whoever asked is gone, or took too long
            super().finish_request(request, client_address)

    def close_request(self, request: Asked) -> None:
        with self._lock:
            if counted := self._since.pop(request, None):
                self._neighbours.gone(counted[0])
        super().close_request(request)

    def service_actions(self) -> None:
        """Between connections, twice a second: end those that took too long, which wakes their threads."""
        begun_before = time.monotonic() - self._within_s
        with self._lock:  # none is closed meanwhile, and its number another one's
            for request, (_, since) in self._since.items():
                if since < begun_before and isinstance(request, socket.socket):
                    with suppress(OSError):
                        request.shutdown(socket.SHUT_RDWR)


def _listening(host: str, port: int, *, health: Health, within_s: float, most: Most) -> _Server:
    try:
        return _Server((host, port), _handler(health, tells_why=host == LOOPBACK), within_s, most)
    except OSError as error:
        raise StackError(f"/healthz can't listen on {host}:{port}: {error.strerror}") from None


def _handler(health: Health, *, tells_why: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "veilstream"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                condition, why = health.read()
                status = HTTPStatus.OK if condition in WELL else HTTPStatus.SERVICE_UNAVAILABLE
                said = {"condition": condition.value} | ({"why": why} if tells_why else {})
                self._answer(status, "application/json", json.dumps(said).encode())
            elif self.path == "/metrics":
                metrics.WELL.set(health.read()[0] in WELL)
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/healthz or /metrics\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Probes every few seconds are no news."""

        def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
