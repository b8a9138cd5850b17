from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.witness.cosigning import Witness
from deploy.witness.key import make_key
from deploy.witness.server import WitnessServer
from deploy.witness.state import State
from streams.audit.witness import trust_of
from tests.support.tiled_logs import TiledLog

NAME, NOW = "witness.example/w", 1_800_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new witness's state."""
    make_key(tmp_path / "state", NAME)
    return tmp_path / "state"


@pytest.fixture
def log() -> TiledLog:
    return TiledLog()


@pytest.fixture
def witness(folder: Path, log: TiledLog) -> Iterator[Witness]:
    with State(folder) as state:
        yield Witness(state, trust_of([log.verifier]), lambda: NOW)


@contextmanager
def serving(witness: Witness) -> Iterator[str]:
    server = WitnessServer(witness, "127.0.0.1", 0)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    with serving(witness) as at:
        yield at
