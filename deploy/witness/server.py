"""A witness's HTTP (C2SP tlog-witness): `POST /add-checkpoint`, and `GET /<hash of origin>/checkpoint` to look.

Anybody may ask. What a request can cost is bounded: its size, its time, how many there are at once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from http import HTTPStatus
from pathlib import Path

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deploy.witness.cosigning import Cosigned, Refused, Witness
from schemas.errors import ConfigError, StackError
from streams.audit import witness_request
from streams.audit.witness_evidence import origin_hash
from streams.audit.witness_request import MAX_BYTES, SIZE_TYPE, BadRequest
from streams.web.bounded_http import BoundedHttp
from streams.web.server import LOG_LEVEL, SettlingServer, is_loopback
from streams.web.settings import ConnectionSettings

BODY_S = 10.0
"""A client that sends 68 kB more slowly is let go."""
CONNECTIONS = ConnectionSettings(places=200)
"""Each costs a descriptor and at most a body."""
_HEADER_BYTES = 16 * 1024
_START_S, _STOP_S = 10.0, 5

_log = structlog.get_logger()


def application(witness: Witness) -> Starlette:
    """The two addresses of the protocol."""

    async def add_checkpoint(request: HttpRequest) -> Response:
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request)
        except TimeoutError:
            return _said(HTTPStatus.REQUEST_TIMEOUT, "the body took too long")
        except ClientDisconnect:
            return _said(HTTPStatus.BAD_REQUEST, "the body is not whole")
        if body is None:
            return _said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MAX_BYTES:,} bytes")
        return await run_in_threadpool(_answer, witness, body)

    def last(request: HttpRequest) -> Response:
        wanted = request.path_params["log"]
        origin = next((it for it in witness.origins() if origin_hash(it) == wanted), None)
        seen = witness.last(origin) if origin is not None else None
        if seen is None:
            return _said(HTTPStatus.NOT_FOUND, "no checkpoint of this log was cosigned")
        return PlainTextResponse(str(seen.note))

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{log}/checkpoint", last, methods=["GET"]),
        ]
    )


def _answer(witness: Witness, body: bytes) -> Response:
    try:
        found = witness.ask(witness_request.parse(body))
    except BadRequest as error:
        return _said(HTTPStatus.BAD_REQUEST, str(error))
    except OSError as error:
        _log.critical("not_remembered", errno=error.errno)
        return _said(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness can't write its state; nothing was cosigned")
    _tell(found)
    if isinstance(found, Cosigned):
        return PlainTextResponse(found.line.line())
    if found.refusal.size is not None:
        size = witness_request.size_body(found.refusal.size)
        return Response(size, HTTPStatus.CONFLICT, {"Content-Type": SIZE_TYPE})
    return _said(found.refusal.status, found.refusal.why)


def _tell(found: Cosigned | Refused) -> None:
    """What happened, for the log of whoever runs the witness."""
    if isinstance(found, Cosigned):
        _log.info("cosigned", origin=found.seen.point.origin, size=found.seen.point.size)
        return
    refusal, evidence = found.refusal, found.refusal.evidence
    if evidence is None:
        _log.info("refused", status=refusal.status.value, why=refusal.why)
        return
    say = _log.critical if evidence.is_split else _log.warning
    said = "split_view" if evidence.is_split else "unproven"
    kept = str(found.kept or "as much is kept already")
    say(said, origin=evidence.origin, kind=evidence.kind.value, evidence=kept)


async def _body(request: HttpRequest) -> bytes | None:
    """None where it is too long, whatever Content-Length says."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _said(status: HTTPStatus, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status)


class WitnessServer:
    """Serves from a thread of its own. `certificate` and `key` (PEM files) make it HTTPS; without them it listens
    on this machine only, unless `plain` says that TLS ends before it.
    """

    def __init__(
        self,
        witness: Witness,
        host: str,
        port: int,
        certificate: Path | None = None,
        key: Path | None = None,
        *,
        plain: bool = False,
    ) -> None:
        if certificate is None and not plain and not is_loopback(host):
            raise ConfigError(
                f"the witness would be plain HTTP on {host}. Give it --cert and --key, let it listen on "
                "127.0.0.1, or say --plain where a proxy before it has TLS"
            )
        for path in (certificate, key):
            if path is not None and not path.is_file():
                raise ConfigError(f"{path} is no file")
        self._scheme = "https" if certificate else "http"
        self._address = (host, port)
        self._server = SettlingServer(
            uvicorn.Config(
                application(witness),
                http=BoundedHttp,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level=LOG_LEVEL,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=_HEADER_BYTES,  # BoundedHttp keeps it too
                limit_concurrency=2 * CONNECTIONS.places,  # calls of those who have left go on for a while
                timeout_keep_alive=CONNECTIONS.idle_s,
                timeout_graceful_shutdown=_STOP_S,
                ssl_certfile=str(certificate) if certificate else None,
                ssl_keyfile=str(key) if key else None,
            ),
            CONNECTIONS,
        )
        self._listening: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen and serve; the URL. Raises StackError when it can't."""
        host, port = self._address
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            family, kind, protocol, _, address = found[0]
            self._listening = socket.socket(family, kind, protocol)
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listening.bind(address)
            self._listening.listen(CONNECTIONS.places)
        except OSError as error:
            self.stop()
            raise StackError(f"the witness can't listen on {host}:{port}: {error.strerror}") from None
        serve = {"sockets": [self._listening]}
        self._thread = threading.Thread(target=self._server.run, kwargs=serve, name="witness", daemon=True)
        self._thread.start()
        if not self._server.settled.wait(_START_S) or not self._server.started:
            self.stop()
            raise StackError("the witness did not start")
        bound = self._listening.getsockname()[1]
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{bound}"

    def stop(self) -> None:
        """Answer what is under way, then stop."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(2 * _STOP_S)
        if self._listening is not None:
            self._listening.close()
