"""Both implementations of the seam: in memory, and the client on the shared stack's OpenBao."""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass

import hvac
import pytest

from tests.simulation.vault import MemoryVault, VaultStore
from vault.client import VaultClient

PROJECTS = ("contract", "neighbour")
WRAPPING_KEYS = ("raw", "view", "geometry")
MOUNT_LIMIT_S = 10


@dataclass(frozen=True)
class OpenBao:
    url: str
    ca: str
    token: str
    root: hvac.Client


@pytest.fixture(scope="session")
def openbao(stack):
    vault = stack.endpoints.vault
    token = vault.token_file.read_text().strip()
    root = hvac.Client(vault.url, token=token, verify=str(vault.ca_file))
    with contextlib.closing(root.adapter):
        provision(root)
        yield OpenBao(vault.url, str(vault.ca_file), token, root)


def provision(root):
    """What the suite needs, under names of its own: others use the same server, and an external one keeps it."""
    mounted = root.sys.list_mounted_secrets_engines()
    if "transit/" not in mounted:
        root.sys.enable_secrets_engine("transit")
    if "approle/" not in root.sys.list_auth_methods():
        root.sys.enable_auth_method("approle")
    for project in PROJECTS:
        if f"veil-{project}/" not in mounted:
            root.sys.enable_secrets_engine("kv", path=f"veil-{project}", options={"version": "2"})
        await_mount(root, f"veil-{project}")
        for name in WRAPPING_KEYS:
            root.secrets.transit.create_key(f"{name}-{project}", derived=True)
    root.secrets.transit.create_key("sign-contract-person", key_type="ed25519")


def await_mount(root, mount):
    """A new KV v2 mount answers 400 until it has set itself up."""
    deadline = time.monotonic() + MOUNT_LIMIT_S
    while True:
        try:
            root.secrets.kv.v2.read_configuration(mount_point=mount)
        except hvac.exceptions.InvalidRequest:
            if time.monotonic() > deadline:
                raise
        else:
            return


@pytest.fixture(scope="session")
def real_vaults(openbao):
    """Clients of both projects, made once: a client is thread-safe and pools its connections."""
    clients = {name: VaultClient.from_token(openbao.url, openbao.ca, openbao.token, name) for name in PROJECTS}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(params=["memory", pytest.param("openbao", marks=pytest.mark.stack)])
def vaults(request):
    """The seam for two projects, on one storage."""
    if request.param == "openbao":
        return request.getfixturevalue("real_vaults")
    store = VaultStore()
    for project in PROJECTS:
        for name in WRAPPING_KEYS:
            store.create_key(f"{name}-{project}")
    store.create_key("sign-contract-person")
    return {name: MemoryVault(store, name) for name in PROJECTS}


@pytest.fixture
def vault(vaults):
    return vaults["contract"]


@pytest.fixture
def folder():
    """A folder nobody else uses, since the suite shares one server."""
    return f"view/{uuid.uuid4().hex}"
