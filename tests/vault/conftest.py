"""A MemoryVault with the keys of project `demo`."""

from __future__ import annotations

import pytest

from tests.simulation.vault import MemoryVault, VaultStore

TRANSIT_KEYS = (
    *(f"{name}-demo" for name in ("raw", "view", "geometry", "values-a", "values-b", "quarantine")),
    *(f"hmac-demo-{purpose}" for purpose in ("record", "subject", "digest", "token", "task")),
    "sign-alice",
    "sign-redact.demo",
)


@pytest.fixture
def store():
    made = VaultStore()
    for name in TRANSIT_KEYS:
        made.create_key(name)
    return made


@pytest.fixture
def vault(store):
    return MemoryVault(store, "demo")
