"""The outermost layer of the app: headers on every answer of the app, and an answer whatever happens inside.

The server's own 400 (no HTTP) and 503 (too many connections) come before the app: bare, and without content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
INTERNAL = ("internal", "this service has failed; ask again")
log = structlog.get_logger()


class Guard:
    """Pure ASGI, so that nothing buffers or logs a body. An unexpected error is logged by its type alone."""

    def __init__(self, app: ASGIApp, header_bytes: int, target_chars: int) -> None:
        self._app = app
        self._header_bytes = header_bytes
        self._target_chars = target_chars

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; add the headers to the start of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _with_ours(message.get("headers", ()))
            await send(message)

        # BoundedHttp bounds only what arrives in pieces: what comes in one packet passes.
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._header_bytes:
            await _answer(sending, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large", "too many headers")
            return
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._target_chars:
            await _answer(sending, HTTPStatus.REQUEST_URI_TOO_LONG, "too_large", "the address is too long")
            return
        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the last line: a traceback could quote a value
            log.error("http_failed", error=type(error).__name__)
            if not started:
                await _answer(sending, HTTPStatus.INTERNAL_SERVER_ERROR, *INTERNAL)


def _with_ours(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Ours where the answer has none of that name: browsers obey every policy they get, the page has its own."""
    own = list(headers)
    named = {name.lower() for name, _ in own}
    return own + [(name, value) for name, value in HEADERS if name not in named]


async def _answer(send: Send, status: HTTPStatus, reason: str, message: str) -> None:
    body = json.dumps({"error": {"reason": reason, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
