"""Front: browsers' calls in, passed on to label; no connection to Kafka, none to Vault, nothing kept.

It is told two things, in files: how browsers reach it (`run/signin.json`, as label is), and where label is and by
which authority it is known there (`run/front.json`).
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from deploy.behind import read_behind
from deploy.signin.configuration import SignInConfiguration, load
from schemas.errors import ConfigError
from streams.engine.clock import Clock, SystemClock
from streams.engine.health import Condition, Health
from streams.label.front.batch import Batch
from streams.label.front.front import Front, monotonic_ms
from streams.label.front.settings import FrontSettings
from streams.label.signin import COOKIE
from streams.web.server import WebServer
from streams.web.session_cookie import Cookies
from streams.web.shown_certificate import ShownCertificate

NEW = "serves nobody new: its sessions have ended, it is old, or it was told to stop"


@dataclass(frozen=True, slots=True)
class FrontRunning:
    """A front, ready to run."""

    health: Health
    url: str
    front: Front
    clock: Clock
    settings: FrontSettings

    def run(self, stop: threading.Event) -> None:
        """Until its batch is done, or it was told to stop and nothing is under way any more.

        Raises RuntimeError where its server has ended or stands still: nobody else would end it, and it would be
        sent people for ever.
        """
        self.health.set(Condition.WORKING)
        while not self.front.over.wait(self.settings.tick_s):
            if (still_s := self.clock.monotonic() - self.front.beat) > self.settings.still_s:
                raise RuntimeError(f"the server has stood still for {still_s:.0f} s")
            if stop.is_set():
                self.front.leaving.set()
            if self.front.draining.is_set():
                self.health.set(Condition.WAITING, NEW)
        self.health.set(Condition.STOPPED, "its batch is done")


@contextmanager
def open_front(
    root: Path, project: str, port: int, settings: FrontSettings | None = None
) -> Iterator[FrontRunning]:
    """Listen, for `project`. Raises ConfigError where it is not told what it needs, StackError where the port is
    taken. `settings`: others are for tests.
    """
    configured, behind, clock = _configured(root, project), read_behind(root), SystemClock()
    settings = settings or FrontSettings()
    settings = replace(settings, http=replace(settings.http, host=configured.listening.host, port=port))
    front = Front(
        behind.url,
        httpx.AsyncHTTPTransport(verify=behind.trusting(), limits=_limits(settings)),
        Cookies(secure=configured.origin.startswith("https:"), name=COOKIE),
        Batch(settings.batch, monotonic_ms(clock), random.SystemRandom().random()),
        clock,
        settings,
    )
    shown = ShownCertificate(configured.listening.pem_files) if configured.listening.certificate else None
    server = WebServer(front.app(), settings.http, shown)
    url = server.start()
    try:
        yield FrontRunning(Health(), url, front, clock, settings)
    finally:
        server.stop()


def _configured(root: Path, project: str) -> SignInConfiguration:
    found = load(root, project)
    if found is None:
        raise ConfigError(f"{root}: `run/signin.json` does not say how browsers reach {project}")
    return found


def _limits(settings: FrontSettings) -> httpx.Limits:
    return httpx.Limits(max_connections=None, keepalive_expiry=settings.passing.keep_s)
