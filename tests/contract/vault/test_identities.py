"""What only the real one can show: AppRole logins, rights, versions that are really destroyed."""

from __future__ import annotations

import threading
import time

import hvac
import pytest

from schemas.errors import AccessDenied
from vault.client import VaultClient
from vault.clocks import Clocks
from vault.interface import WrappedKey

pytestmark = pytest.mark.stack

CREATE_ONLY = """
path "veil-contract/data/view/*" { capabilities = ["create"] }
path "transit/datakey/plaintext/view-contract" { capabilities = ["update"] }
"""


@pytest.fixture
def redact(openbao):
    root = openbao.root
    root.sys.create_or_update_policy("redact.contract", CREATE_ONLY)
    root.auth.approle.create_or_update_approle(
        "redact.contract", token_policies=["redact.contract"], token_ttl="1h"
    )
    role_id = root.auth.approle.read_role_id("redact.contract")["data"]["role_id"]
    secret_id = root.auth.approle.generate_secret_id("redact.contract")["data"]["secret_id"]
    with VaultClient.from_approle(openbao.url, openbao.ca, role_id, secret_id, "contract") as client:
        yield client


def test_a_role_does_what_its_policy_says_and_nothing_else(redact, folder):
    key = redact.data_key("view-contract", "c")
    redact.create(f"{folder}/1", b"x")
    for forbidden in (
        lambda: redact.unwrap("view-contract", [WrappedKey(key.wrapped, "c")]),
        lambda: redact.data_key("geometry-contract", "c"),
        lambda: redact.read(f"{folder}/1"),
        lambda: redact.replace(f"{folder}/1", b"y", 1),
        lambda: redact.destroy(f"{folder}/1"),
        lambda: redact.names(folder),
        lambda: redact.sign("sign-contract-person", b"m"),
        lambda: redact.create(folder.replace("view", "geometry"), b"x"),
    ):
        with pytest.raises(AccessDenied):
            forbidden()


def test_a_revoked_token_is_replaced_without_the_caller_noticing(openbao, redact, folder):
    redact.create(f"{folder}/1", b"x")
    openbao.root.auth.token.revoke(redact._session._client.token)
    redact.create(f"{folder}/2", b"x")


def test_each_answer_tells_the_time_of_its_clock(redact, folder):
    """Here it is this machine's own; keeper holds the two against each other."""
    assert redact.told_time() is None
    with pytest.raises(AccessDenied):
        redact.read(f"{folder}/1")
    told = redact.told_time()
    assert told is not None
    assert Clocks(round(time.time() * 1000), told).agree


def test_who_asks_for_the_time_is_told_without_any_other_call(redact):
    told = redact.ask_time()
    assert told is not None
    assert Clocks(round(time.time() * 1000), told).agree


def test_wrong_credentials_are_denied(openbao):
    with (
        VaultClient.from_approle(openbao.url, openbao.ca, "nobody", "nothing", "contract") as client,
        pytest.raises(AccessDenied),
    ):
        client.read("view/1")


def test_threads_that_start_together_share_one_login(redact):
    start = threading.Barrier(8)

    def work():
        start.wait(60)
        redact.data_key("view-contract", "c")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert redact._session._logins == 1


def test_replacing_destroys_the_versions_before(openbao, real_vaults, folder):
    vault = real_vaults["contract"]
    vault.create(f"{folder}/1", b"first")
    vault.replace(f"{folder}/1", b"second", 1)
    root = openbao.root
    versions = root.secrets.kv.v2.read_secret_metadata(f"{folder}/1", mount_point="veil-contract")["data"][
        "versions"
    ]
    assert [versions[number]["destroyed"] for number in ("1", "2")] == [True, False]
    with pytest.raises(hvac.exceptions.InvalidPath):
        root.secrets.kv.v2.read_secret_version(
            f"{folder}/1", version=1, mount_point="veil-contract", raise_on_deleted_version=True
        )
