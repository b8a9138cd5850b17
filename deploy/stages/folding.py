"""Roles that only read and tell: connected, and ready for the loop that they have in common. None needs Vault."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.endpoints import Endpoints, load_endpoints
from deploy.passwords import PasswordWatch
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.surroundings import project_folders
from schemas.codec import Codec
from schemas.registry import Registry
from streams.engine.clock import SystemClock
from streams.engine.folding import ASK_MS, Folding, FoldLoop, FoldSeams
from streams.engine.health import Health
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_lateness import AGAIN_S
from topology.identity import Identity
from topology.loading import Topology, load_topology


@dataclass(frozen=True, slots=True)
class FoldParts:
    """What it is made of; `topology` has every project that is declared."""

    topology: Topology
    codec: Codec
    endpoints: Endpoints
    log: KafkaLog


Fresh = Callable[[FoldParts], Folding]
"""One that has read nothing yet. May raise LogUnavailable."""


@dataclass(frozen=True, slots=True)
class FoldRunning:
    """Ready to run."""

    health: Health
    loop: FoldLoop

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. Raises what ended it."""
        self.loop.run(stop)


@contextmanager
def open_folding(
    root: Path, identity: Identity, fresh: Fresh, topology: Topology | None = None, ask_ms: int = ASK_MS
) -> Iterator[FoldRunning]:
    """Connect as `identity`; `topology`: where it is other than that of the root; `ask_ms` as in `FoldSeams`.

    Raises ConfigError where the stack was never started or provisioned.
    """
    root = root.absolute()
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    topology = topology or load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    files, kafka = CredentialFiles(root), endpoints.kafka
    mine = files.load(identity)
    access = KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)
    registry = Registry(endpoints.registry.url, endpoints.registry.tls())
    log, health = KafkaLog(access, AGAIN_S), Health()
    parts = FoldParts(topology, Codec(registry), endpoints, log)
    seams = FoldSeams(log, SystemClock(), health, partial(fresh, parts), ask_ms)
    watch = PasswordWatch(files, identity, access.login)
    try:
        yield FoldRunning(health, FoldLoop(identity.group, identity.slot(0), seams))
    finally:
        watch.close()
        registry.close()
