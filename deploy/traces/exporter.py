"""A bounded queue and one thread that empties it: a collector that is slow, away or broken costs spans only."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import httpx

from deploy.traces.setting import TracesSetting
from streams.engine import metrics
from streams.engine.traces.spans import Source, Span

QUEUE_SPANS = 8_192
"""About 5 MB, and two seconds of a busy redact of which every record is told."""
REQUEST_SPANS = 512
"""A request of about 150 kB; OpenTelemetry's own default."""
GATHER_S = 1.0
"""How long a few spans wait for more."""
ANSWER_S = 5.0
"""Each of connecting, sending and hearing a part of the answer may take so long. One that dribbles holds this
thread up, and nothing else.
"""
PAUSE_S = 5.0
"""After a failure: whoever is overloaded is not asked again at once. What comes meanwhile waits in the queue."""
LEAVE_S = 2.0
"""How long a process that ends waits for its last spans to be taken."""


class Exporter:
    """`Sink` of one process; thread-safe. Ends by `stop`, or with the process."""

    def __init__(
        self, setting: TracesSetting, source: Source, encode: Callable[[Source, Sequence[Span]], bytes]
    ) -> None:
        self._setting = setting
        self._source = source
        self._encode = encode
        self._waiting: deque[Span] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def put(self, spans: Sequence[Span]) -> None:
        """Queue what there is room for."""
        with self._changed:
            fitting = spans[: QUEUE_SPANS - len(self._waiting)]
            self._waiting.extend(fitting)
            self._changed.notify()
        _count("overflow", len(spans) - len(fitting))

    def stop(self) -> None:
        """Send what waits, within two seconds; the rest is lost."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(LEAVE_S)

    def _run(self) -> None:
        try:
            tls = ssl.create_default_context(cafile=self._setting.ca)
        except OSError:  # no certificates, ssl.SSLError among them: nobody could be sent anything
            while spans := self._next():
                _count("unsent", len(spans))
            return
        with httpx.Client(verify=tls, timeout=ANSWER_S, trust_env=False) as client:
            while spans := self._next():
                if not self._sent(client, spans):
                    self._stopping.wait(PAUSE_S)

    def _next(self) -> list[Span]:
        """The next spans to send; none when it is time to end and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
            until = time.monotonic() + GATHER_S
            self._changed.wait_for(
                lambda: len(self._waiting) >= REQUEST_SPANS or self._stopping.is_set(), until - time.monotonic()
            )
            return [self._waiting.popleft() for _ in range(min(REQUEST_SPANS, len(self._waiting)))]

    def _sent(self, client: httpx.Client, spans: Sequence[Span]) -> bool:
        """Post them once. Of the answer nothing but its status is taken; a redirection is a refusal, and no cookie
        is kept. Whatever goes wrong costs these spans, and no more.
        """
        taken = False
        with contextlib.suppress(Exception):
            body = self._encode(self._source, spans)
            with client.stream("POST", self._setting.url, content=body, headers=_HEADERS) as answer:
                taken = answer.is_success
        client.cookies.clear()
        _count("sent" if taken else "unsent", len(spans))
        return taken


_HEADERS = {"Content-Type": "application/x-protobuf", "User-Agent": "veilstream"}


def _count(fate: str, spans: int) -> None:
    if spans:
        metrics.TRACE_SPANS.labels(fate).inc(spans)
