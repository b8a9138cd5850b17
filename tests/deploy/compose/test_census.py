"""The census goes on counting after its password for Kafka has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.compose import census
from deploy.compose.census import LOOKS_AS, counting
from deploy.local.authority import ensure_certificates
from deploy.local.endpoints import Endpoints, KafkaEndpoint, RegistryEndpoint, VaultEndpoint, save_endpoints
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.supervise.files import make_private_folder
from schemas.errors import ConfigError
from tests.support.waiting import wait_for

SOON_S = 0.01


class Kafka:
    """An administrator's client that notes by which passwords it logs in."""

    def __init__(self, settings: dict[str, Any], logger: object) -> None:
        self.passwords = [settings["sasl.password"]]

    def set_sasl_credentials(self, user: str, password: str) -> None:
        assert user == LOOKS_AS.name
        self.passwords.append(password)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(census, "AdminClient", Kafka)
    ca = ensure_certificates(make_private_folder(tmp_path / "tls"), tmp_path / "ca.key", datetime.now(UTC)).ca
    found = Endpoints(
        KafkaEndpoint("kafka-1:9092,kafka-2:9092", ca, "admin", tmp_path / "none"),
        VaultEndpoint("https://vault-1:8200", ca, tmp_path / "none"),
        RegistryEndpoint("https://registry:8443", ca),
    )
    make_private_folder(tmp_path / "run")
    save_endpoints(tmp_path / "run" / "endpoints.json", found)
    return tmp_path


def test_a_password_that_was_changed_is_taken_up_while_it_counts(root):
    files = CredentialFiles(root)
    files.save(Credentials(LOOKS_AS, "old"))
    with counting(root, SOON_S) as running:
        assert running._kafka.passwords == ["old"]
        files.save(Credentials(LOOKS_AS, "new"))
        wait_for(lambda: running._kafka.passwords == ["old", "new"], "the new one is taken up")


def test_without_a_password_it_is_refused(root):
    with pytest.raises(ConfigError, match="has no credentials"), counting(root):
        pass
