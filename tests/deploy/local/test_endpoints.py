from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import endpoints
from deploy.local.endpoints import (
    Endpoints,
    External,
    KafkaEndpoint,
    RegistryEndpoint,
    VaultEndpoint,
    load_endpoints,
    read_external,
    save_endpoints,
)
from schemas.errors import ConfigError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Everything external."""
    file = tmp_path / "file"
    file.write_text("content\n")
    return {
        "VEIL_KAFKA_BOOTSTRAP": "kafka.example:9093",
        "VEIL_KAFKA_CA": str(file),
        "VEIL_KAFKA_ADMIN_USER": "admin",
        "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(file),
        "VEIL_VAULT_ADDR": "https://vault.example:8200",
        "VEIL_VAULT_CA": str(file),
        "VEIL_VAULT_TOKEN_FILE": str(file),
        "VEIL_REGISTRY_URL": "https://registry.example",
        "VEIL_REGISTRY_CA": str(file),
    }


def test_nothing_configured_means_all_parts_are_ours():
    assert read_external({}) == External()


def test_all_parts_may_be_elsewhere(tmp_path: Path, environ: dict[str, str]):
    found, file = read_external(environ), tmp_path / "file"
    assert found.kafka == KafkaEndpoint("kafka.example:9093", file, "admin", file)
    assert found.vault == VaultEndpoint("https://vault.example:8200", file, file)
    assert found.registry == RegistryEndpoint("https://registry.example", file)
    assert found.kafka.client_settings()["sasl.password"] == "content"


def test_a_file_named_from_where_one_is_is_found_from_everywhere(tmp_path: Path, environ, monkeypatch):
    """Processes run elsewhere, and later commands, too."""
    file = tmp_path / "file"
    here = {name: "file" if value == str(file) else value for name, value in environ.items()}
    logs = {"VEIL_KAFKA_DENIED_LOG": "denied.log", "VEIL_VAULT_AUDIT_LOG": "audit.log"}
    monkeypatch.chdir(tmp_path)
    found = read_external(here | logs)
    assert found == read_external(environ | {name: str(tmp_path / it) for name, it in logs.items()})
    assert found.vault.external_log == tmp_path / "audit.log"


def test_a_vault_may_have_several_addresses_and_each_is_https(environ: dict[str, str]):
    several = "https://a.example:8200,https://b.example:8200"
    assert read_external(environ | {"VEIL_VAULT_ADDR": several}).vault.url == several
    for wrong in ("a.example:8200", "https://a.example,http://b.example", ","):
        with pytest.raises(ConfigError, match="VEIL_VAULT_ADDR"):
            read_external(environ | {"VEIL_VAULT_ADDR": wrong})


def test_a_registry_may_want_a_client_certificate(tmp_path: Path, environ: dict[str, str]):
    file = tmp_path / "file"
    environ |= {"VEIL_REGISTRY_CERT": str(file), "VEIL_REGISTRY_KEY": str(file)}
    assert read_external(environ).registry == RegistryEndpoint("https://registry.example", file, file, file)


def test_who_provisions_may_show_something_else_there(tmp_path: Path, environ: dict[str, str]):
    file = tmp_path / "file"
    writer = {"VEIL_REGISTRY_WRITER_CERT": str(file), "VEIL_REGISTRY_WRITER_KEY": str(file)}
    token = {"VEIL_REGISTRY_TOKEN_KEY": str(file)}
    plain = RegistryEndpoint("https://registry.example", file)
    shown = replace(plain, writer_cert_file=file, writer_key_file=file)
    assert read_external(environ | writer).registry == shown
    assert read_external(environ | writer | token).registry == replace(shown, token_key_file=file)
    for name in (*writer, *token):
        with pytest.raises(ConfigError, match=f"{name} is set but VEIL_REGISTRY_URL is not"):
            read_external({name: str(file)})
    with pytest.raises(ConfigError, match="VEIL_REGISTRY_WRITER_KEY"):
        read_external(environ | {"VEIL_REGISTRY_WRITER_CERT": str(file)})


def test_the_logs_of_external_parts_may_be_named_and_only_theirs(tmp_path: Path, environ: dict[str, str]):
    logs = {"VEIL_VAULT_AUDIT_LOG": tmp_path / "audit.jsonl", "VEIL_KAFKA_DENIED_LOG": tmp_path / "denied.log"}
    found = read_external({**environ, **{name: str(path) for name, path in logs.items()}})
    assert found.vault is not None
    assert found.kafka is not None
    assert found.vault.audit_log is None
    assert [found.vault.followed_log, found.kafka.denied_log] == [*logs.values()]
    for name in logs:
        with pytest.raises(ConfigError, match=f"{name} is set but"):
            read_external({name: str(tmp_path / "log")})
        with pytest.raises(ConfigError, match=f"{name} names /nowhere/log"):
            read_external({**environ, name: "/nowhere/log"})


@pytest.mark.parametrize("part", ["KAFKA", "VAULT", "REGISTRY"])
def test_one_part_may_be_elsewhere_alone(environ: dict[str, str], part: str):
    some = {name: value for name, value in environ.items() if part in name}
    found = read_external(some)
    assert [found.kafka, found.vault, found.registry].count(None) == 2


@pytest.mark.parametrize(
    "missing",
    [
        *endpoints.KAFKA_VARIABLES.values(),
        *endpoints.VAULT_VARIABLES.values(),
        *endpoints.REGISTRY_VARIABLES.values(),
    ],
)
def test_a_missing_variable_is_named(environ: dict[str, str], missing: str):
    del environ[missing]
    with pytest.raises(ConfigError, match=missing):
        read_external(environ)


def test_a_certificate_without_its_key_is_refused(environ: dict[str, str]):
    environ["VEIL_REGISTRY_CERT"] = environ["VEIL_REGISTRY_CA"]
    with pytest.raises(ConfigError, match="VEIL_REGISTRY_KEY"):
        read_external(environ)


def test_a_file_that_is_not_there_is_named(environ: dict[str, str]):
    environ["VEIL_VAULT_TOKEN_FILE"] = "/nonexistent/token"
    with pytest.raises(ConfigError, match="VEIL_VAULT_TOKEN_FILE names /nonexistent/token"):
        read_external(environ)


def test_for_whom_pods_tokens_are_made_goes_with_an_external_vault_alone(tmp_path: Path):
    (file := tmp_path / "file").write_text("x")
    names = {
        "VEIL_VAULT_ADDR": "https://vault.example",
        "VEIL_VAULT_CA": str(file),
        "VEIL_VAULT_TOKEN_FILE": str(file),
    }
    found = read_external(names | {"VEIL_VAULT_PODS": "vault"}).vault
    assert found is not None
    assert found.pods == "vault"
    with pytest.raises(ConfigError, match="VEIL_VAULT_ADDR"):
        read_external({"VEIL_VAULT_PODS": "vault"})


@pytest.mark.parametrize("copies", ["1", "3"])
def test_how_many_copies_there_are_goes_with_an_external_kafka_alone(tmp_path: Path, copies: str):
    (file := tmp_path / "file").write_text("x")
    names = {
        "VEIL_KAFKA_BOOTSTRAP": "kafka:9093",
        "VEIL_KAFKA_CA": str(file),
        "VEIL_KAFKA_ADMIN_USER": "admin",
        "VEIL_KAFKA_ADMIN_PASSWORD_FILE": str(file),
    }
    found = read_external(names | {"VEIL_KAFKA_COPIES": copies})
    assert found.kafka is not None
    assert found.kafka.copies == copies
    with pytest.raises(ConfigError, match="1 or 3"):
        read_external(names | {"VEIL_KAFKA_COPIES": "2"})
    with pytest.raises(ConfigError, match="VEIL_KAFKA_BOOTSTRAP"):
        read_external({"VEIL_KAFKA_COPIES": copies})


@pytest.mark.parametrize("audit_log", [None, Path("/a/audit")])
def test_endpoints_are_read_back_as_saved(tmp_path: Path, audit_log: Path | None):
    saved = Endpoints(
        KafkaEndpoint("127.0.0.1:1", Path("/a/ca"), "admin", Path("/a/password")),
        VaultEndpoint("https://127.0.0.1:2", Path("/a/ca"), Path("/a/token"), audit_log),
        RegistryEndpoint("https://127.0.0.1:3", Path("/a/ca")),
    )
    save_endpoints(tmp_path / "endpoints.json", saved)
    assert load_endpoints(tmp_path / "endpoints.json") == saved
    written = json.loads((tmp_path / "endpoints.json").read_text())
    assert set(written["registry"]) == {"url", "ca_file"}, "programs of before know no more"


def test_no_saved_endpoints_says_what_to_do(tmp_path: Path):
    with pytest.raises(ConfigError, match="run `veil up` first"):
        load_endpoints(tmp_path / "endpoints.json")


@pytest.mark.parametrize("name", [None, "example.com/veil"])
def test_name_of_the_log_is_read_back_as_saved(tmp_path: Path, name: str | None):
    saved = Endpoints(
        KafkaEndpoint("127.0.0.1:1", Path("/a/ca"), "admin", Path("/a/password")),
        VaultEndpoint("https://127.0.0.1:2", Path("/a/ca"), Path("/a/token")),
        RegistryEndpoint("https://127.0.0.1:3", Path("/a/ca")),
        read_external({} if name is None else {"VEIL_LOG_NAME": name}).log_name,
    )
    save_endpoints(tmp_path / "endpoints.json", saved)
    assert load_endpoints(tmp_path / "endpoints.json").log_name == name


@pytest.mark.parametrize("name", ["two words", "a+b", "line\nbreak", "tab\t"])
def test_name_that_no_checkpoint_could_bear_is_refused(name: str):
    with pytest.raises(ConfigError, match="VEIL_LOG_NAME"):
        read_external({"VEIL_LOG_NAME": name})


def test_who_registers_is_told_which_of_its_files_is_missing_or_wrong(tmp_path: Path, environ: dict[str, str]):
    (file := tmp_path / "file").write_text("no certificate")
    place = RegistryEndpoint("https://registry.example", file)
    with pytest.raises(ConfigError, match=rf"{tmp_path}/gone: No such file"):
        replace(place, token_key_file=tmp_path / "gone").registrar()
    with pytest.raises(ConfigError, match=str(file)):
        place.registrar()
