"""Runs an ASGI app by uvicorn in a thread of its own; the loop keeps the main thread.

httptools and uvloop: with the parser and the event loop in Python a call cost 1.3 ms of CPU, with these 0.7 ms
(measured, framework included); annotators wait for whatever keeps the one interpreter busy.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from schemas.errors import ConfigError, StackError
from streams.web.bounded_http import BoundedHttp
from streams.web.reception import Reception
from streams.web.settings import ConnectionSettings, HttpSettings
from streams.web.shown_certificate import ShownCertificate

_START_S = 10.0
_STOP_S = 5.0
_BACKLOG = 128
LOG_LEVEL = "error"
"""Below it uvicorn says what was wrong with each request: a line for whoever wants to fill the log."""
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - no address to listen on: what stands for one


class SettlingServer(uvicorn.Server):
    """Says when it has started, or that it won't. Who may connect and stay is said in `reception.py`."""

    def __init__(self, config: uvicorn.Config, limits: ConnectionSettings) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._limits = limits
        self._reception: Reception | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup([])
            self._reception = Reception(self._limits.places, self._protocol, self.config.ssl)
            self._reception.listen(sockets or [])
        finally:
            self.settled.set()

    async def on_tick(self, counter: int) -> bool:
        if self._reception is not None:
            self._reception.tick()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._reception is not None:
            await self._reception.close()
        await super().shutdown(sockets)

    def _protocol(self, neighbourhood: bytes, lost: Callable[[BoundedHttp], None]) -> BoundedHttp:
        state = self.lifespan.state
        return BoundedHttp(self.config, self.server_state, state, self._limits, neighbourhood, lost)


class WebServer:
    """An app on a socket. With a certificate it is HTTPS; without: loopback only.

    `shared_port`: one more, on which other processes listen as well (`SO_REUSEPORT`); the kernel gives each new
    connection to one of those that live.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: HttpSettings,
        certificate: ShownCertificate | None = None,
        *,
        shared_port: int | None = None,
    ) -> None:
        if certificate is None and not is_loopback(settings.host):
            raise ConfigError(
                f"this would be plain HTTP on {settings.host}: sessions and what is shown in them could be read "
                "on the way. Give it a certificate and its key, or let it listen on 127.0.0.1"
            )
        limits = settings.connections
        self._settings = settings
        self._scheme = "https" if certificate else "http"
        self._server = SettlingServer(
            uvicorn.Config(
                app,
                http=BoundedHttp,
                loop="uvloop",
                ws="none",
                lifespan="on",  # where it fails the server must not start: sessions would never end
                log_config=None,
                log_level=LOG_LEVEL,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=settings.header_bytes,  # BoundedHttp keeps it too
                limit_concurrency=2 * limits.places,  # calls of those who have left go on for a while
                timeout_keep_alive=limits.idle_s,
                timeout_graceful_shutdown=int(_STOP_S),
                ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
            ),
            limits,
        )
        self._certificate = certificate
        self._stopped = threading.Event()
        self._shared_port = shared_port
        self._sockets: list[socket.socket] = []
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen and serve; the URL. Raises StackError when the port is taken."""
        self._open(self._settings.port, shared=False)
        if self._shared_port is not None:
            self._open(self._shared_port, shared=True)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, name="http", daemon=True
        )
        self._thread.start()
        if self._certificate is not None:
            threading.Thread(
                target=self._certificate.watch, args=[self._stopped], name="certificate", daemon=True
            ).start()
        if not self._server.settled.wait(_START_S) or not self._server.started:
            self.stop()
            raise StackError("the HTTP server did not start")
        return self.url

    @property
    def url(self) -> str:
        """Where it listens alone; only after `start`. From this machine, where it listens on every address."""
        host, port = self._sockets[0].getsockname()[:2]
        reached = _LOOPBACK.get(host, host)
        return f"{self._scheme}://{f'[{reached}]' if ':' in reached else reached}:{port}"

    def stop(self) -> None:
        """Answer what is under way, then stop. Never raises."""
        self._stopped.set()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(2 * _STOP_S)
        for listening in self._sockets:
            listening.close()

    def _open(self, port: int, *, shared: bool) -> None:
        try:
            self._sockets.append(_listen(self._settings.host, port, shared=shared))
        except OSError as error:
            self.stop()
            where = f"{self._settings.host}:{port}"
            raise StackError(f"this can't listen on {where}: {error.strerror}") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. Of names only `localhost` is (RFC 6761)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int, *, shared: bool) -> socket.socket:
    """A listening socket. Its protocol is named, for asyncio sets TCP_NODELAY only on sockets that say they are
    TCP; without it an answer waits 40 ms for the client's delayed acknowledgement (measured).
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
