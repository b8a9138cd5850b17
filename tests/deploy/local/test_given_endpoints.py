from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.endpoints import (
    Endpoints,
    KafkaEndpoint,
    RegistryEndpoint,
    VaultEndpoint,
    load_endpoints,
    save_endpoints,
)
from deploy.local.given_endpoints import given_endpoints, kept_endpoints
from deploy.local.stack import CLUSTER_MARK
from deploy.supervise.lock import RootLock
from schemas.errors import ConfigError, StackError

FILE = Path("run", "endpoints.json")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (found := tmp_path / "file").write_text("x")
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (found := tmp_path / "root").mkdir(mode=0o700)
    return found


@pytest.fixture
def registry(file: Path) -> dict[str, str]:
    return {
        "VEIL_REGISTRY_URL": "https://registry.example",
        "VEIL_REGISTRY_CA": str(file),
        "VEIL_REGISTRY_WRITER_CERT": str(file),
        "VEIL_REGISTRY_WRITER_KEY": str(file),
    }


@pytest.fixture
def environ(file: Path, registry: dict[str, str]) -> dict[str, str]:
    return registry | {
        "VEIL_KAFKA_BOOTSTRAP": "kafka.example:9093",
        "VEIL_KAFKA_CA": str(file),
        "VEIL_KAFKA_ADMIN_USER": "admin",
        "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(file),
        "VEIL_VAULT_ADDR": "https://vault.example:8200",
        "VEIL_VAULT_CA": str(file),
        "VEIL_VAULT_TOKEN_FILE": str(file),
    }


@pytest.fixture
def own(root: Path) -> Endpoints:
    """Those of a stack that was started here."""
    found = Endpoints(
        KafkaEndpoint("127.0.0.1:1", Path("/a/ca"), "admin", Path("/a/password")),
        VaultEndpoint("https://127.0.0.1:2", Path("/a/ca"), Path("/a/token"), Path("/a/log")),
        RegistryEndpoint("https://127.0.0.1:3", Path("/a/ca"), token_key_file=Path("/a/key")),
        "example.com/veil",
    )
    (root / "run").mkdir(mode=0o700)
    save_endpoints(root / FILE, found)
    return found


def test_without_variables_they_are_those_of_the_stack_here(root: Path, own: Endpoints) -> None:
    for environ in ({}, {"VEIL_LOG_NAME": "another"}):
        assert given_endpoints(root, environ) == kept_endpoints(root, environ) == own
    assert load_endpoints(root / FILE) == own


def test_with_neither_it_says_what_to_do(root: Path, registry: dict[str, str]) -> None:
    for environ in ({}, registry):
        with pytest.raises(ConfigError, match="veil up"):
            kept_endpoints(root, environ)
    assert not (root / FILE).exists()


def test_what_is_named_takes_the_place_of_that_part_alone(
    root: Path, file: Path, own: Endpoints, registry: dict[str, str]
) -> None:
    named = RegistryEndpoint("https://registry.example", file, writer_cert_file=file, writer_key_file=file)
    assert given_endpoints(root, registry) == replace(own, registry=named)
    assert load_endpoints(root / FILE) == own, "who plans changes nothing"
    assert kept_endpoints(root, registry) == replace(own, registry=named)
    assert load_endpoints(root / FILE) == replace(own, registry=named)


def test_where_all_are_named_no_stack_is_needed(root: Path, environ: dict[str, str]) -> None:
    found = given_endpoints(root, environ)
    assert (found.kafka.bootstrap, found.vault.url) == ("kafka.example:9093", "https://vault.example:8200")
    assert not (root / FILE).exists()
    assert kept_endpoints(root, environ) == found == load_endpoints(root / FILE)


def test_the_parts_of_a_stack_that_runs_are_not_changed_below_it(
    root: Path, own: Endpoints, environ: dict[str, str]
) -> None:
    with RootLock(root):
        with pytest.raises(StackError, match="in use"):
            kept_endpoints(root, environ)
        assert kept_endpoints(root, {}) == own
    (root / CLUSTER_MARK).touch()
    with pytest.raises(StackError, match="cluster in containers"):
        kept_endpoints(root, environ)
    assert load_endpoints(root / FILE) == own
