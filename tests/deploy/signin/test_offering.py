"""What label processes are told where the local OpenBao is not the provider; where it is: tests/integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.endpoints import VaultEndpoint
from deploy.signin import invitation
from deploy.signin.configuration import Listening, Provider, load
from deploy.signin.invitation import Invitation
from deploy.signin.offering import Offering
from topology.loading import load_topology

EXTERNAL = Provider("https://login.test", "veil", "employee", acr="mfa")
SOMEBODY_ELSES = VaultEndpoint("https://vault.test", Path("/ca.pem"), Path("/token"))
LOCAL = VaultEndpoint("https://127.0.0.1:1", Path("/ca.pem"), Path("/token"), Path("/audit.jsonl"))
PROJECTS = {"demo": load_topology().project("demo")}


@pytest.fixture
def root(tmp_path):
    """A root where an earlier start has invited somebody."""
    (tmp_path / "run").mkdir()
    invitation.write(
        tmp_path, "demo", Invitation("http://127.0.0.1:1/", "ann-1", "x", "otpauth://totp/x?secret=ABC")
    )
    return tmp_path


@pytest.mark.parametrize("vault", [LOCAL, SOMEBODY_ELSES])
def test_external_provider_is_handed_on_and_invitations_are_taken_back(root, vault):
    offering = Offering(root, Listening(), EXTERNAL)
    assert offering.start(PROJECTS, {"demo": 7}, vault, {"demo": [8, 9]})
    offering.stop()
    found = load(root, "demo")
    assert found.instances == (8, 9)
    assert (found.provider, found.origin) == (EXTERNAL, "http://127.0.0.1:7")
    assert invitation.read(root, "demo") is None


@pytest.mark.parametrize(
    ("listening", "vault"),
    [(Listening(), SOMEBODY_ELSES), (Listening("::", "label.test", "/c.pem", "/k.pem"), LOCAL)],
    ids=["vault of somebody else's", "browsers of other machines"],
)
def test_without_a_provider_that_browsers_reach_nobody_signs_in(root, listening, vault):
    offering = Offering(root, listening, None)
    assert not offering.start(PROJECTS, {"demo": 7}, vault)
    offering.stop()
    assert load(root, "demo").provider is None
    assert invitation.read(root, "demo") is None
