"""Watch: the audit of all projects in, metrics and alerts out. It needs no Vault, and has a loop of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.surroundings import project_folders
from schemas.codec import Codec
from schemas.registry import Registry
from streams.engine.clock import SystemClock
from streams.engine.health import Health
from streams.engine.kafka import KafkaAccess, KafkaLog
from streams.watch.loop import WatchLoop, WatchSeams
from streams.watch.rules_document import packaged_rules
from streams.watch.watching import STATE_EVERY_MS, Watching
from streams.watch.windows import Windows
from topology.identity import PLATFORM, Identity
from topology.loading import load_topology

IDENTITY = Identity("watch", PLATFORM)
WHOLE_HOURS = Windows()


@dataclass(frozen=True, slots=True)
class WatchRunning:
    """Watch, ready to run."""

    health: Health
    loop: WatchLoop

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. Raises what ended it."""
        self.loop.run(stop)


@contextmanager
def open_watch(
    root: Path, windows: Windows = WHOLE_HOURS, state_every_ms: int = STATE_EVERY_MS
) -> Iterator[WatchRunning]:
    """Connect as `watch.platform`, for every project that is declared.

    Raises ConfigError where the stack was never started or provisioned. `windows`: other ones are for tests.
    """
    root = root.absolute()
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    topology = load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    mine, kafka = CredentialFiles(root).load(IDENTITY), endpoints.kafka
    access = KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    partitions = {name: project.partitions for name, project in topology.projects.items()}
    rules, codec, health = packaged_rules(), Codec(registry), Health()

    def fresh() -> Watching:
        return Watching(partitions, rules, windows, codec, state_every_ms)

    seams = WatchSeams(KafkaLog(access), SystemClock(), health, fresh)
    try:
        yield WatchRunning(health, WatchLoop(IDENTITY.group, IDENTITY.slot(0), seams))
    finally:
        registry.close()
