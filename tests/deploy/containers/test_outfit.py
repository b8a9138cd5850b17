"""What one process in a container is given, and what it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.containers.outfit import INSIDE, fit_out, inside, main
from deploy.local.endpoints import (
    Endpoints,
    KafkaEndpoint,
    RegistryEndpoint,
    VaultEndpoint,
    load_endpoints,
    save_endpoints,
)
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.webhooks import SecretFiles
from schemas.errors import ConfigError
from topology.identity import Identity

REDACT, JOIN = Identity("redact", "demo"), Identity("join", "demo")
OF_ADMINISTRATORS = ("admin-password", "root-token", "writer-cert", "writer-key", "token-key")
FILES = ("kafka-ca", "denied", "vault-ca", "audit", "registry-ca", "cert", "key", *OF_ADMINISTRATORS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "parts").mkdir(parents=True)
    (root / "run").mkdir()
    part = {name: root / "parts" / name for name in FILES}
    for name, place in part.items():
        place.write_text(f"content of {name}")
    endpoints = Endpoints(
        KafkaEndpoint("127.0.0.1:9092", part["kafka-ca"], "admin", part["admin-password"], part["denied"]),
        VaultEndpoint("https://127.0.0.1:8200", part["vault-ca"], part["root-token"], part["audit"]),
        RegistryEndpoint(
            *("https://127.0.0.1:8443", part["registry-ca"], part["cert"], part["key"]),
            *(part["writer-cert"], part["writer-key"], part["token-key"]),
        ),
    )
    save_endpoints(root / "run" / "endpoints.json", endpoints)
    for identity in (REDACT, JOIN):
        CredentialFiles(root).save(Credentials(identity, f"password of {identity.name}"))
    (root / "topology").mkdir()
    (root / "topology" / "pins.json").write_text("{}")
    return root


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_it_is_given_its_own_credentials_and_nobody_else_s(root: Path, tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    (projects / "gold").mkdir(parents=True)
    (projects / "demo.yaml").write_text("name: demo")
    (projects / "gold" / "demo.yaml").write_text("templates")
    fit_out(root, REDACT, tmp_path / "given", [projects])
    given = contents(tmp_path / "given")
    assert set(given) == {
        *("run/endpoints.json", "identities/redact.demo.json", "topology/pins.json"),
        *("tls/kafka-ca.pem", "tls/vault-ca.pem", "tls/registry-ca.pem", "tls/registry.pem", "tls/registry.key"),
        "projects/demo.yaml",
    }
    everything = "".join(given.values())
    assert "password of redact.demo" in everything
    for withheld in ("password of join.demo", *(f"content of {it}" for it in OF_ADMINISTRATORS)):
        assert withheld not in everything
    there = load_endpoints(tmp_path / "given" / "run" / "endpoints.json").registry
    assert (there.writer_cert_file, there.writer_key_file, there.token_key_file) == (None, None, None)


def test_what_gold_is_made_of_is_given_to_who_makes_it_and_rules_of_containment_to_who_goes_by_them(
    root: Path, tmp_path: Path
) -> None:
    """Whoever else had the templates could tell gold from other records."""
    projects = tmp_path / "projects"
    for name in ("demo", "other", "gold/demo", "gold/other", "contain/demo", "contain/other"):
        (projects / name).parent.mkdir(parents=True, exist_ok=True)
        (projects / f"{name}.yaml").write_text(name)
    for role, own in {"label": set(), "contain": {"contain/demo"}, "synth": {"gold/demo"}}.items():
        identity = Identity(role, "demo")
        CredentialFiles(root).save(Credentials(identity, "password"))
        fit_out(root, identity, tmp_path / role, [projects])
        given = {name.removeprefix("projects/") for name in contents(tmp_path / role) if "projects/" in name}
        assert given == {f"{it}.yaml" for it in ("demo", "other", *own)}


def test_a_folder_that_is_another_s_is_not_filled(root: Path, tmp_path: Path) -> None:
    fit_out(root, REDACT, tmp_path / "given")
    before = contents(tmp_path / "given")
    for identity, folder in ((JOIN, tmp_path / "given"), (JOIN, root)):
        with pytest.raises(ConfigError, match=r"redact\.demo.*an empty folder"):
            fit_out(root, identity, folder)
    assert contents(tmp_path / "given") == before


def test_it_finds_each_file_that_its_endpoints_name(root: Path, tmp_path: Path) -> None:
    fit_out(root, REDACT, tmp_path / "given")
    there = load_endpoints(tmp_path / "given" / "run" / "endpoints.json")
    assert (there.kafka.bootstrap, there.vault.url) == ("127.0.0.1:9092", "https://127.0.0.1:8200")
    named = (there.kafka.ca_file, there.vault.ca_file, *vars_of(there.registry))
    for place in named:
        assert (tmp_path / "given" / place.relative_to(INSIDE)).is_file()
    for place in (there.kafka.admin_password_file, there.vault.token_file):
        assert not (tmp_path / "given" / place.relative_to(INSIDE)).exists()


def vars_of(registry: RegistryEndpoint) -> tuple[Path, ...]:
    assert registry.cert_file is not None
    assert registry.key_file is not None
    return registry.ca_file, registry.cert_file, registry.key_file


def test_only_its_user_can_read_it(root: Path, tmp_path: Path) -> None:
    fit_out(root, REDACT, tmp_path / "given")
    for place in (tmp_path / "given", *(tmp_path / "given").rglob("*")):
        assert place.stat().st_mode & 0o077 == 0
        assert place.stat().st_uid == (tmp_path / "given").stat().st_uid


def test_a_registry_that_wants_no_certificate_gets_none() -> None:
    ca = Path("/somewhere/ca.pem")
    there, files = inside(
        Endpoints(
            KafkaEndpoint("kafka:9093", ca, "admin", ca),
            VaultEndpoint("https://vault:8200", ca, ca),
            RegistryEndpoint("https://registry", ca),
        )
    )
    assert (there.registry.cert_file, there.registry.key_file) == (None, None)
    assert set(files.values()) == {ca}


def test_an_identity_that_has_no_credentials_is_given_nothing(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keeper\.demo has no credentials"):
        fit_out(root, Identity("keeper", "demo"), tmp_path / "given")
    assert not (tmp_path / "given").exists()


def test_new_credentials_replace_the_old_ones(root: Path, tmp_path: Path) -> None:
    fit_out(root, REDACT, tmp_path / "given")
    CredentialFiles(root).save(Credentials(REDACT, "another password"))
    assert main(["redact", "demo", "--root", str(root), "--to", str(tmp_path / "given")]) == 0
    assert "another password" in (tmp_path / "given" / "identities" / "redact.demo.json").read_text()


def test_without_a_stack_one_sentence_says_what_to_do(tmp_path: Path, capsys) -> None:
    assert main(["redact", "demo", "--root", str(tmp_path), "--to", str(tmp_path / "given")]) == 2
    assert "veil topology apply" in capsys.readouterr().err


def test_who_tells_others_is_given_what_that_project_s_webhooks_are_signed_with_and_nobody_else_is(
    root: Path, tmp_path: Path
) -> None:
    for project in ("demo", "other"):
        SecretFiles(root, project).ensure("crm")
    notify = Identity("notify", "demo")
    CredentialFiles(root).save(Credentials(notify, "password"))
    fit_out(root, notify, tmp_path / "notify")
    fit_out(root, JOIN, tmp_path / "join")
    given = contents(tmp_path / "notify")
    assert given["webhooks/demo.crm"] == SecretFiles(root, "demo").path("crm").read_text()
    assert "webhooks/other.crm" not in given
    assert not any(name.startswith("webhooks") for name in contents(tmp_path / "join"))
