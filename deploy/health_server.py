"""`/healthz` and `/metrics` of one process, on loopback. Says conditions and counts, never content."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.engine import metrics
from streams.engine.health import Condition, Health

WELL = (Condition.WORKING, Condition.STANDING_BY)


class HealthServer:
    """Serves from a thread of its own until `stop`."""

    def __init__(self, health: Health, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(health))
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "veilstream"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path == "/healthz":
                condition, why = health.read()
                status = HTTPStatus.OK if condition in WELL else HTTPStatus.SERVICE_UNAVAILABLE
                content = json.dumps({"condition": condition.value, "why": why}).encode()
                self._answer(status, "application/json", content)
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
