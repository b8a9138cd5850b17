"""Fronts on sockets before the real app: what a process of the role `front` runs, in threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from deploy import behind as where
from deploy.behind import Behind
from deploy.signin import configuration
from deploy.signin.configuration import Listening, SignInConfiguration
from deploy.stages.front import open_front
from streams.label.front.settings import BatchSettings, FrontSettings
from streams.label.signin import SignInSeams
from tests.streams.label.site import API, PROJECT, QUICK, SIGNIN, Site
from tests.support.browser import VouchingProvider
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for

SETTINGS = FrontSettings(batch=BatchSettings(least_ms=0, spread_ms=0, leave_ms=50), tick_s=0.01, again_s=0.01)


@dataclass
class Running:
    """A front's process, in a thread."""

    url: str
    health: object
    thread: threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)

    def ended(self):
        self.thread.join(60)
        return not self.thread.is_alive()

    def drains(self):
        return wait_for(lambda: self.health.read()[0] == "waiting", "it takes no one new")


def told(root: Path, port: int, behind: Behind, listening: Listening | None = None) -> Path:
    """What a front of the project `demo` is told; `port`: the one that browsers know."""
    (root / "run").mkdir(parents=True, exist_ok=True)
    configuration.save(root, {"demo": SignInConfiguration(listening or Listening(), port, None)})
    (root / "run" / where.FILE).write_text(where.text(behind))
    return root


@pytest.fixture
def front(tmp_path):
    fronts = []

    def start(label: str, port: int, settings: FrontSettings = SETTINGS, listen_at: int | None = None) -> Running:
        ready: list[Running] = []
        root = told(tmp_path / str(len(fronts)), port, Behind(label))

        def run():
            with open_front(root, "demo", listen_at or port, settings) as running:
                ready.append(Running(running.url, running.health, thread))
                running.run(ready[0].stop)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        wait_for(lambda: ready, "the front listens")
        fronts.append(ready[0])
        return ready[0]

    yield start
    for one in fronts:
        one.stop.set()
        assert one.ended()


@pytest.fixture
def behind(api_with):
    """A site whose browsers know another port than the one where label listens."""
    port, provider = free_port(), VouchingProvider()
    origin = f"http://127.0.0.1:{port}"
    site = Site(None, origin, provider)
    signin = SignInSeams(
        origin,
        provider,
        lambda: site.frozen,
        sessions=QUICK,
        settings=SIGNIN,
        is_complete=lambda batch: batch == site.complete,
    )
    site.api = api_with(replace(API, port=free_port()), None, signin, None)
    site.project = PROJECT
    site.port = port
    yield site
    site.close()
