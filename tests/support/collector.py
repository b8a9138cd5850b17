"""A collector of traces on loopback: takes OTLP over HTTP, keeps every byte and what they say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """What it got. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: list[bytes] = []
        self.status = 200
        self.heads: list[str] = []
        self.silent = threading.Event()
        """Set: nobody is answered, until `goes_on` is."""
        self.goes_on = threading.Event()
        self.asked = threading.Event()
        self.url = ""

    def take(self, path: str, head: str, body: bytes) -> int:
        self.asked.set()
        if self.silent.is_set():
            self.goes_on.wait()
        with self._lock:
            self._bodies.append(body)
            self.heads.append(f"{path}\n{head}")
        return self.status

    @property
    def received(self) -> bytes:
        """Every byte, heads of requests too."""
        with self._lock:
            return b"".join([*self._bodies, *(it.encode() for it in self.heads)])

    def spans(self) -> list[tuple[str, Span]]:
        """Each span, with the service that told it."""
        with self._lock:
            bodies = list(self._bodies)
        return [found for body in bodies for found in _spans(body)]


def _spans(body: bytes) -> Iterator[tuple[str, Span]]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        names = attributes(resource.resource)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield str(names["service.name"]), span


def attributes(of) -> dict[str, str | int]:
    """Of a resource, a span or an event."""
    return {
        it.key: it.value.string_value if it.value.HasField("string_value") else it.value.int_value
        for it in of.attributes
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(collector.take(self.path, str(self.headers), body))
            self.send_header("Set-Cookie", f"{len(collector.heads)}=kept")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            collector.goes_on.set()
            server.shutdown()
            thread.join()
