"""The demo's annotators: robots with errors. They see what the API answers, and all of it is kept."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from deploy.demo.phrases import LEXICON, TONE
from schemas.tls import trusted_at
from streams.engine.clock import SystemClock
from streams.label.answering import ErrorRates
from streams.label.client import RETRIES, LabelClient
from streams.label.robots import RobotReport, RobotSpec, run_robots

_RATES = (
    ErrorRates(miss=0.05, shift=0.03, wrong_label=0.02, wrong_choice=0.03),
    ErrorRates(miss=0.02, shift=0.06, wrong_label=0.01, wrong_choice=0.02, release=0.01),
    ErrorRates(miss=0.08, shift=0.02, wrong_label=0.03, wrong_choice=0.05),
    ErrorRates(miss=0.03, shift=0.02, wrong_label=0.05, wrong_choice=0.04),
    ErrorRates(miss=0.04, shift=0.04, wrong_label=0.02, wrong_choice=0.02),
    # Only one skips: three to five people label a task, so that five must always be left.
    ErrorRates(miss=0.05, shift=0.03, wrong_label=0.02, wrong_choice=0.03, skip=0.04),
)
"""Everyone errs in their own way. Of ten spans a person gets one wrong; three together get almost all right."""
UNTIL_TOLD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Reach:
    """How robots come to the API. `verify`: whom they trust; None: as the address says (`trusted_at`).
    `wait_most_s`: how long they wait at most before they ask again; `retries`: how often they do.
    """

    verify: ssl.SSLContext | None = None
    wait_most_s: float = 5.0
    retries: int = RETRIES


USUAL = Reach()


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, in seconds since any start. `status`: 0 where there was no answer."""

    path: str
    status: int
    begun: float
    ended: float


class Answers:
    """Every answer of the API that any robot got, as bytes, and when. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.kept: list[bytes] = []
        self.asked: list[Asked] = []

    def keep(self, answer: httpx.Response) -> None:
        """Status, headers and body."""
        head = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        with self._lock:
            self.kept.append(b"%d\n%s\n\n%s" % (answer.status_code, head, answer.content))

    def note(self, asked: Asked) -> None:
        """That it was asked, and what came of it."""
        with self._lock:
            self.asked.append(asked)


class Recording(httpx.BaseTransport):
    """A connection to the API that keeps what comes back."""

    def __init__(self, answers: Answers, verify: ssl.SSLContext) -> None:
        self._inner = httpx.HTTPTransport(verify=verify)
        self._answers = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        begun, status = time.monotonic(), 0
        try:
            answer = self._inner.handle_request(request)
            answer.read()
            status = answer.status_code
        finally:
            self._answers.note(Asked(request.url.path, status, begun, time.monotonic()))
        self._answers.keep(answer)
        return answer

    def close(self) -> None:
        self._inner.close()


class Workforce:
    """All robots at work, each in a thread of its own, until `finish`."""

    def __init__(
        self,
        url: str,
        project: str,
        tokens: Mapping[str, str],
        seed: int,
        reach: Reach = USUAL,
    ) -> None:
        self.answers = Answers()
        self._reach = reach
        self._url = url
        self._project = project
        self._tokens = tokens
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="workforce")
        self._specs = [
            RobotSpec(person, LEXICON, (TONE,), rates, seed) for person, rates in zip(tokens, _RATES, strict=False)
        ]
        self._result: Future[list[RobotReport]] | None = None

    def __len__(self) -> int:
        return len(self._specs)

    def start(self) -> None:
        """Set them to work."""
        clock = SystemClock()
        self._result = self._pool.submit(run_robots, self._specs, self._client, clock, self._stop, UNTIL_TOLD_S)

    def check(self) -> None:
        """Raise what a robot has met with, if it has stopped for it."""
        if self._result is not None and self._result.done():
            self._result.result()

    def finish(self) -> Sequence[RobotReport]:
        """Send them home; what each has done. Raises what a robot has met with."""
        self._stop.set()
        self._pool.shutdown(wait=True)
        return self._result.result() if self._result is not None else []

    def _client(self, person: str) -> LabelClient:
        reach = self._reach
        return LabelClient(
            self._url,
            self._project,
            lambda: self._tokens[person],
            transport=Recording(self.answers, reach.verify or trusted_at(self._url)),
            retries=reach.retries,
            wait=lambda wait_s: time.sleep(min(wait_s, reach.wait_most_s)),
        )
