"""Clients that ask again and again while parts are killed, and note when it worked. By a steady clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx

from deploy.demo.annotators import Answers
from deploy.demo.failure import DemoFailed
from deploy.demo.publishing import Published, publishing_one
from deploy.demo.records import Input
from deploy.demo.watch import Watch
from deploy.local.endpoints import VaultEndpoint
from deploy.publishing import announcing
from deploy.surroundings import Surroundings
from schemas.errors import VeilError
from schemas.registry import tls_context
from vault.nodes import addresses

RECORD_EVERY_S = 0.4
"""The demo has 300 records for two kills: they must last while a kill is carried out, which takes seconds on cores
that others use, and until everything has recovered, for a minute and a half at most.
"""
WRITE_EVERY_S = 0.1
LOOK_S = 0.05
LEAVES_WITHIN_S = 1.0
"""Whoever publishes when the run is ended has so long to notice; its thread alone does not keep anybody."""
ANSWERS_WITHIN_S = 1.0
"""Of one node: whoever takes longer is asked again."""
PROBE = "cubbyhole/probe"
"""A write as any other: it is done when a majority of the nodes has it. The token's own, and ends with it."""


class Moments:
    """When something worked. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: list[tuple[float, float]] = []

    def note(self, asked_at: float, worked_at: float) -> None:
        """What was asked for then has worked then."""
        with self._lock:
            self._found.append((asked_at, worked_at))

    def since(self, moment: float) -> list[float]:
        """When what was asked for after a moment worked."""
        with self._lock:
            return [worked for asked, worked in self._found if asked >= moment]


@contextmanager
def writing(vault: VaultEndpoint) -> Iterator[Moments]:
    """Write to Vault, ten times a second at each of its nodes, or as often as it answers: whichever takes it."""
    token = vault.token_file.read_text(encoding="utf-8").strip()
    moments, stop = Moments(), threading.Event()
    threads = [
        threading.Thread(target=_write, args=(url, vault, token, moments, stop), name="probe-vault", daemon=True)
        for url in addresses(vault.url)
    ]
    for thread in threads:
        thread.start()
    try:
        yield moments
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _write(url: str, vault: VaultEndpoint, token: str, moments: Moments, stop: threading.Event) -> None:
    headers = {"X-Vault-Token": token}
    tls = tls_context(vault.ca_file)
    with httpx.Client(verify=tls, timeout=ANSWERS_WITHIN_S, headers=headers, trust_env=False) as http:
        while not stop.is_set():
            begun = time.monotonic()
            with suppress(httpx.HTTPError):
                if http.put(f"{url}/v1/{PROBE}", json={"at": str(begun)}).is_success:
                    moments.note(begun, time.monotonic())
            stop.wait(max(0.0, WRITE_EVERY_S - (time.monotonic() - begun)))


class Trickle:
    """Publishes a record every `RECORD_EVERY_S` while it may, and notes when each has become a task, or whatever
    redact makes of it, as the audit says to a reader. `stop`: nothing more is published once it is set.
    """

    def __init__(
        self,
        around: Surroundings,
        inputs: Sequence[Input],
        published: Published,
        watch: Watch,
        stop: threading.Event,
    ) -> None:
        self._around, self._waiting = around, list(reversed(inputs))
        self._published, self._watch = published, watch
        self._flowing, self._ended, self._stop = threading.Event(), threading.Event(), stop
        self._asked: dict[str, float] = {}
        self._error: VeilError | None = None
        self._kept = 0
        self.moments = Moments()

    def flow(self, keep: int = 0) -> None:
        """Begin, or go on, until `hold`; so many are kept back in any case, for the next time."""
        self._kept = keep
        self._flowing.set()

    def hold(self) -> None:
        """Publish no more for now."""
        self._flowing.clear()

    def spent_before(self, moment: float) -> bool:
        """Whether all that may flow had been published by then."""
        return self._spent() and moment > max(self._asked.values(), default=0.0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the end of this block, by when everything that was left is published, at once; where it ends by an
        error, or because of `stop`, nothing more is. Raises what publishing has met with, but not beside an error.
        """
        publisher = threading.Thread(target=self._publish, name="trickle", daemon=True)
        looker = threading.Thread(target=self._look, name="trickle-seen", daemon=True)
        publisher.start()
        looker.start()
        try:
            yield
        except BaseException:
            self._stop.set()
            raise
        finally:
            self._ended.set()
            self._wait_for(publisher)
            looker.join()
        self.check()
        if self._stop.is_set():
            raise ended_early()

    def check(self) -> None:
        """Raise what publishing has met with, if it has ended for it."""
        if self._error is not None:
            raise self._error

    def _wait_for(self, publisher: threading.Thread) -> None:
        """What has been published arrives, or is told to have failed; after `stop` nobody waits for either."""
        while publisher.is_alive() and not self._stop.is_set():
            publisher.join(LOOK_S)
        publisher.join(LEAVES_WITHIN_S)

    def _publish(self) -> None:
        try:
            with announcing(self._around) as (publisher, _):
                while self._next():
                    one = self._waiting.pop()
                    self._asked[one.name] = time.monotonic()
                    publishing_one(publisher, one, self._published)
                    self._ended.wait(RECORD_EVERY_S)  # once it is over it waits no more: the rest goes at once
                publisher.flush()
            if self._published.failures:
                raise self._published.failures[0]
        except VeilError as error:
            self._error = error
        except Exception:
            if not self._stop.is_set():  # else what it works with is being closed
                raise

    def _next(self) -> bool:
        """Block until there is one to be published. Raises DemoFailed where nothing more is."""
        while True:
            if self._stop.is_set():
                raise ended_early()
            if self._ended.is_set() or not self._waiting:
                return bool(self._waiting)
            if self._flowing.wait(LOOK_S) and not self._spent():
                return True
            self._stop.wait(LOOK_S)

    def _spent(self) -> bool:
        return len(self._waiting) <= self._kept

    def _look(self) -> None:
        """Every twentieth of a second; the reader itself takes a quarter of a second at most to hear of it."""
        seen: set[str] = set()
        while not self._ended.wait(LOOK_S):
            for name, asked_at in list(self._asked.items()):
                place = self._published.places.get(name)
                if name not in seen and place is not None and self._watch.seen.outcome(place) is not None:
                    seen.add(name)
                    self.moments.note(asked_at, time.monotonic())


def ended_early() -> DemoFailed:
    """What is told where the run has ended while parts were being killed; whoever ends it says why."""
    return DemoFailed("the run has ended before all parts were killed and had recovered")


def leases(answers: Answers) -> Callable[[float], list[float]]:
    """When tasks were handed out, of calls made after a moment: each was answered after its commit.

    Robots ask, each in one call at a time. One that was made before a kill and hangs does not count, and its robot
    asks again only when it has ended or timed out, after several seconds: so the times are too long, if anything.
    """

    def since(moment: float) -> list[float]:
        return [it.ended for it in list(answers.asked) if _is_lease(it.path, it.status) and it.begun >= moment]

    return since


def _is_lease(path: str, status: int) -> bool:
    return path.endswith("/leases") and status == httpx.codes.OK
