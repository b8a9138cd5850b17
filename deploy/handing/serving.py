"""The starter as a process: `python -m deploy.handing.serving --root DIR --sockets DIR`.

Below the folder of sockets each process has one of its own, named after its slot (`redact.demo.0`), which nobody
else sees: two equals that start side by side are each handed a login of their own. To log in itself it has a token
that may have that login made and nothing else (`vault.starting`); the endpoints name its file. It is well while
that token is renewed (`renewal.py`).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog

from deploy import logs
from deploy.handing.asking import SOCKET
from deploy.handing.listening import Slot
from deploy.handing.renewal import Renewal
from deploy.health_server import HealthServer
from deploy.local.endpoints import Endpoints, load_endpoints
from deploy.provision.parts import administrator, pins_path
from deploy.settings import DEFAULT_HEALTH_PORT, HEALTH_HOST_VARIABLE, HEALTH_PORT_VARIABLE
from deploy.starting import IDENTITY, Starter
from deploy.supervise.restarts import STOLEN
from deploy.surroundings import project_folders
from schemas.errors import VeilError
from streams.engine.health import Health
from topology.identity import Identity
from topology.loading import load_topology
from vault.starting import renew

ENDS_WITHIN_S = 10.0
"""For all slots together: an answer that is being given may wait for a Vault that elects a leader."""

log = structlog.get_logger()
Hand = Callable[[Identity, str], bytes]
"""What a process of an identity is handed, by its slot; as `Starter.hand`."""
Ended = Callable[[Identity, str, int], None]
"""As `Starter.ended`."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM. 0, or 2 where it could not."""
    parser = argparse.ArgumentParser(prog="python -m deploy.handing.serving", description="Hand over logins.")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sockets", type=Path, required=True)
    options = parser.parse_args(arguments)
    logs.configure(IDENTITY.slot(0))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _serve(options.root.absolute(), options.sockets, stop)
    except VeilError as error:
        log.error("refused", exc_info=error)
        return 2
    log.info("stopped")
    return 0


def _serve(root: Path, sockets: Path, stop: threading.Event) -> None:
    health = Health()
    port = int(os.environ.get(HEALTH_PORT_VARIABLE, DEFAULT_HEALTH_PORT))
    server = HealthServer(health, port, os.environ.get(HEALTH_HOST_VARIABLE, ""))
    endpoints = load_endpoints(root / "run" / "endpoints.json")
    topology = load_topology(extra_projects=project_folders(root), pins=pins_path(root))
    starter = Starter(root, endpoints, topology)
    renewal = Renewal(health, partial(_renew, endpoints))
    try:
        with serving(sockets, starter.hand, starter.ended) as slots:
            log.info("started", sockets=len(slots))
            while not stop.wait(renewal.attempt()):
                pass
    finally:
        starter.stop()
        server.stop()


@contextmanager
def serving(
    folder: Path, hand: Hand, ended: Ended, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[tuple[str, ...]]:
    """Answer at a socket for each slot that has a folder there; their names. Raises OSError."""
    stop = threading.Event()
    slots: list[Slot] = []
    try:
        for place in sorted(it for it in folder.iterdir() if it.is_dir()):
            identity, slot = slot_of(place.name)
            told = partial(ended, identity, slot, STOLEN)
            slots.append(Slot(place / SOCKET, slot, partial(hand, identity, slot), told, stop, monotonic))
        for it in slots:
            it.start()
        yield tuple(it.name for it in slots)
    finally:
        stop.set()
        until = time.monotonic() + ENDS_WITHIN_S
        for it in slots:
            it.join(until - time.monotonic())


def slot_of(name: str) -> tuple[Identity, str]:
    """`redact.demo.0` → its identity, and the slot's name."""
    identity, _, _ = name.rpartition(".")
    return Identity.parse(identity), name


def _renew(endpoints: Endpoints) -> None:
    with administrator(endpoints) as session:
        renew(session)


if __name__ == "__main__":
    sys.exit(main())
