"""What the parts are told, without starting them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from deploy.local import kafka, registry
from deploy.local.authority import Certificates
from deploy.local.kafka import format_arguments, properties, server_settings
from deploy.local.layout import Layout, cache_folder
from deploy.local.openbao import SEAL_KEY, OpenBao
from deploy.local.ports import Ports
from deploy.local.registry import Registry
from deploy.local.runner import Programs
from deploy.local.stack import RESTORING_MARK, LocalStack
from schemas.errors import StackError

PORTS = Ports(1, 2, 3, 4, 5, 6)
TLS = Certificates(Path("/root/tls"))
PROGRAMS = Programs(Path("/java"), Path("/bao"), registry=(Path("/certificates"), Path("/app-runner.jar")))


def broker() -> dict[str, str]:
    return server_settings(PORTS, TLS, Path("/root/kafka/data"))


def test_every_listener_of_the_broker_is_on_loopback_under_tls():
    settings = broker()
    names = dict(pair.split(":") for pair in settings["listener.security.protocol.map"].split(","))
    assert names == {"CLIENT": "SASL_SSL", "INTERNAL": "SSL", "CONTROLLER": "SSL"}
    assert all("//127.0.0.1:" in listener for listener in settings["listeners"].split(","))
    for certified in ("internal", "controller"):
        assert settings[f"listener.name.{certified}.ssl.client.auth"] == "required"


def test_the_broker_denies_what_no_rule_allows():
    settings = broker()
    assert settings["authorizer.class.name"].endswith("StandardAuthorizer")
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["super.users"] == "User:veil-admin;User:CN=veil-broker"
    assert settings["auto.create.topics.enable"] == "false"


def test_the_broker_s_settings_hold_no_password():
    assert "password" not in properties(broker()).lower()


def test_a_path_means_to_java_what_it_means_here():
    """Java reads these files as ISO 8859-1 (`java.util.Properties`), and a backslash begins something."""
    assert properties({"log.dirs": "/home/müller/☃/𝄞"}) == "log.dirs=/home/m\\u00fcller/\\u2603/\\ud834\\udd1e\n"
    assert properties({"log.dirs": "/a\\b c"}) == "log.dirs=/a\\\\b c\n"


def test_the_administrator_s_password_reaches_the_format_by_file_only():
    assert format_arguments(Path("/c"), "id", "hush")[-1] == "SCRAM-SHA-512=[name=veil-admin,password=hush]"


class Tool:
    """What formats Kafka's storage: it says what it writes, the administrator's keys for SCRAM among it."""

    pid = 1

    def __init__(self, code: int) -> None:
        self.code = code

    def spawn(self, argv, env, log_file: Path, cwd, handed=b"") -> Tool:
        log_file.write_text("UserScramCredentialRecord(storedKey=[1, 2], serverKey=[3, 4])")
        return self

    def wait(self, timeout: float | None = None) -> int:
        return self.code

    def kill(self) -> None: ...

    def send_signal(self, sig: int, /) -> None: ...


def broker_in(root: Path, tool: Tool) -> kafka.Kafka:
    return kafka.Kafka(Layout.create(root), PROGRAMS, PORTS, TLS, tool)


def test_what_the_format_says_of_the_administrator_s_password_stays_in_no_file(tmp_path):
    broker_in(tmp_path, Tool(0)).prepare()
    assert not [it for it in tmp_path.rglob("*") if it.is_file() and "storedKey" in it.read_text()]


def test_a_format_that_failed_says_where_it_says_why(tmp_path):
    with pytest.raises(StackError, match="could not be formatted") as failed:
        broker_in(tmp_path, Tool(1)).prepare()
    named = tmp_path / "kafka" / "format.log"
    assert str(named) in str(failed.value)
    assert named.exists()
    broker_in(tmp_path, Tool(0)).prepare()
    assert not named.exists()


def test_cluster_ids_never_look_like_an_option():
    ids = [kafka.cluster_id() for _ in range(500)]
    assert {len(one) for one in ids} == {22}
    assert not any(one.startswith("-") for one in ids)


def test_the_vault_listens_on_loopback_with_tls_and_an_audit_file():
    text = OpenBao(Layout(Path("/root")), PROGRAMS, PORTS, TLS)._configuration()
    assert 'address         = "127.0.0.1:4"' in text
    assert "tls_disable" not in text
    assert (
        'file_path = "../logs/vault-audit.jsonl"' in text
    )  # the same in every root: a restored vault asks for it


def test_the_registry_has_no_plain_port():
    argv = Registry(Layout(Path("/root")), PROGRAMS, PORTS, TLS, "public").command().argv
    assert "-Dquarkus.http.insecure-requests=disabled" in argv
    assert "-Dquarkus.http.host=127.0.0.1" in argv


def test_downloads_are_cached_for_the_user():
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/veilstream")
    assert cache_folder({}) == Path.home() / ".cache" / "veilstream"


def test_a_seal_key_that_is_missing_is_never_drawn_anew_beside_what_it_sealed(tmp_path):
    layout = Layout.create(tmp_path / "veil")
    vault = OpenBao(layout, PROGRAMS, PORTS, TLS)
    vault.prepare()
    key = (layout.secrets / SEAL_KEY).read_bytes()
    (layout.data("vault") / "raft" / "vault.db").touch()
    vault.prepare()
    assert (layout.secrets / SEAL_KEY).read_bytes() == key
    (layout.secrets / SEAL_KEY).unlink()
    with pytest.raises(StackError, match="opens by nothing else; put it back"):
        vault.prepare()
    assert not (layout.secrets / SEAL_KEY).exists()


def test_half_of_a_restore_is_not_started(tmp_path):
    (tmp_path / RESTORING_MARK).touch()
    with pytest.raises(StackError, match="restore into another folder"):
        LocalStack(tmp_path, environ={}).start()


@pytest.mark.parametrize("name", ["a,b", "a;b", 'a"b', "a\\b", "a\nb", "a${b"])
def test_a_root_that_a_part_would_take_for_another_place_is_refused_before_anything_is_made(tmp_path, name):
    with pytest.raises(StackError, match="choose another root"):
        LocalStack(tmp_path / name, environ={}).start()
    assert not list(tmp_path.iterdir())


def test_other_names_are_as_good_as_any(tmp_path):
    assert Layout.create(tmp_path / "Müller & Söhne's #1 (50%)").secrets.is_dir()


@pytest.mark.parametrize("interrupted", [KeyboardInterrupt(), StackError("this build can't be used")])
def test_an_unpacking_that_is_interrupted_leaves_nothing(tmp_path, monkeypatch, interrupted):
    def ends(_: Path) -> None:
        raise interrupted

    with tarfile.open(tmp_path / "registry.tar.gz", "w:gz") as archive:
        archive.add(__file__, "app-runner.jar")
    monkeypatch.setattr(registry, "_require_certificates", ends)
    with pytest.raises(type(interrupted)):
        registry.unpack(tmp_path / "registry.tar.gz", "0" * 64)
    assert [it.name for it in tmp_path.iterdir()] == ["registry.tar.gz"]
