"""What a cluster stands on: no container is given what is another's."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from deploy.compose.cluster import BROKERS, CENSUS, NODES, STARTER, processes
from deploy.compose.ground import Ground, digest, own, recorded_name
from deploy.compose.passwords import pass_on
from deploy.compose.services import WRITER
from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.starting import IDENTITY
from schemas.errors import StackError
from schemas.registrar import WriterKey
from topology.identity import Identity
from topology.loading import load_topology
from vault.approles import AppRoleCredentials

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ground(tmp_path_factory) -> Ground:
    """Of a cluster whose topology is applied."""
    found = Ground(tmp_path_factory.mktemp("cluster"), load_topology(), lambda: NOW)
    found.prepare("images")
    for identity in (
        *(it.who.identity for it in processes(found.topology)),
        IDENTITY,
        Identity("inspector", "platform"),
    ):
        vault = AppRoleCredentials("role", f"secret id of {identity.name}" if identity.role == "inspector" else "")
        CredentialFiles(found.root).save(Credentials(identity, f"password of {identity.name}", vault))
    (found.root / "topology").mkdir()
    (found.root / "topology" / "pins.json").write_text("{}")
    (found.secrets / "vault-root-token").write_text("root's token")
    found.fit_out("a token to start with")
    return found


def given(ground: Ground, name: str) -> dict[str, bytes]:
    folder = ground.root / "given" / name
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def everything(ground: Ground, name: str) -> str:
    return "".join(it.decode("latin-1") for it in given(ground, name).values())


def test_prepared_again_secrets_ports_and_certificates_stay(ground):
    before = {it: it.read_bytes() for it in chain(ground.secrets.iterdir(), (ground.root / "tls").iterdir())}
    variables = ground.variables()
    ground.prepare("images")
    assert ground.variables() == variables
    assert {it: it.read_bytes() for it in before} == before


def test_each_process_has_its_own_password_and_nobody_else_s(ground):
    for process in processes(ground.topology):
        text = everything(ground, process.slot)
        assert f"password of {process.who.identity.name}" in text
        others = {it.who.identity.name for it in processes(ground.topology)} - {process.who.identity.name}
        assert not [it for it in others if f"password of {it}" in text]


def test_a_new_password_is_in_every_copy_of_its_file_and_in_nobody_else_s(ground):
    label, looks = Identity("label", "demo"), Identity("inspector", "platform")
    files = CredentialFiles(ground.root)
    copies = {it.slot for it in processes(ground.topology) if it.who.identity == label}
    before = {it.name: given(ground, it.name) for it in (ground.root / "given").iterdir()}
    pass_on(ground.root, [replace(files.load(it), kafka_password=f"new of {it.name}") for it in (label, looks)])
    changed = {name: given(ground, name) for name in before if given(ground, name) != before[name]}
    assert set(changed) == copies | {CENSUS}
    for name, files_now in changed.items():
        whose = "inspector.platform" if name == CENSUS else "label.demo"
        assert [it for it in files_now if files_now[it] != before[name][it]] == [f"identities/{whose}.json"]
    read = CredentialFiles(ground.root / "given" / CENSUS).load(looks)
    assert (read.kafka_password, read.vault) == ("new of inspector.platform", None)
    ground.fit_out("a token to start with")


def test_where_no_container_was_given_anything_nothing_is_written(tmp_path):
    pass_on(tmp_path, [Credentials(Identity("label", "demo"), "new")])
    assert not [*tmp_path.iterdir()]


def test_nobody_is_given_an_administrator_s_password_token_or_the_authority_s_key(ground):
    ground.prepare("images")  # as before a first start
    administrator = (ground.secrets / "kafka-admin-password").read_text()
    authority = (ground.secrets / "ca.key").read_text()
    for folder in (ground.root / "given").iterdir():
        text = everything(ground, folder.name)
        assert "root's token" not in text
        assert authority not in text
        assert (administrator in text) == (folder.name in BROKERS)


def test_the_registry_believes_the_key_that_is_here_and_nobody_is_given_it(ground):
    endpoint = load_endpoints(ground.root / "run" / "endpoints.json").registry
    assert endpoint.token_key_file is not None
    assert ground.variables()[WRITER] == WriterKey.load(endpoint.token_key_file).public
    secret = endpoint.token_key_file.read_text()
    for folder in (ground.root / "given").iterdir():
        assert secret not in everything(ground, folder.name)
        assert endpoint.token_key_file.name not in everything(ground, folder.name)


def test_brokers_lose_it_once_their_storage_knows_it(ground):
    administrator = (ground.secrets / "kafka-admin-password").read_text()
    ground.formatted()
    assert not [it for it in BROKERS if administrator in everything(ground, it)]


def test_the_starter_has_what_it_begins_with_and_the_census_has_nothing_for_vault(ground):
    assert "a token to start with" in everything(ground, STARTER)
    assert "a token to start with" not in everything(ground, CENSUS)
    assert "secret id" not in everything(ground, CENSUS)
    assert json.loads(given(ground, CENSUS)["identities/inspector.platform.json"])["vault"] is None


def test_containers_know_the_parts_by_their_names_and_this_machine_by_its_ports(ground):
    inside = load_endpoints(ground.root / "given" / "redact.demo.0" / "run" / "endpoints.json")
    assert inside.kafka.bootstrap == "kafka-1:9093,kafka-2:9093,kafka-3:9093"
    assert inside.vault.url == "https://vault-1:8200,https://vault-2:8200,https://vault-3:8200"
    here = load_endpoints(ground.root / "run" / "endpoints.json")
    assert here.kafka.bootstrap.count("127.0.0.1:") == len(BROKERS)
    assert here.kafka.copies == "3"
    assert here.vault.url.count("https://127.0.0.1:") == len(NODES)


def test_two_labels_listen_each_on_its_own_address(ground):
    hosts = [
        json.loads(given(ground, f"label.demo.{number}")["run/signin.json"])["demo"]["listening"]["host"]
        for number in (0, 1)
    ]
    assert hosts == ["label-demo-0-page", "label-demo-1-page"]


def test_a_container_can_t_have_a_folder_of_this_machine_given_to_it(tmp_path):
    own(tmp_path, "data/kafka-1/logs")
    theirs, ours = tmp_path / "data" / "kafka-1" / "logs", tmp_path / "ours"
    theirs.rmdir()
    ours.mkdir(mode=0o755)
    theirs.symlink_to(ours)
    with pytest.raises(StackError, match="no folder that can be a container's"):
        own(tmp_path, "data/kafka-1/logs")
    assert ours.stat().st_mode & 0o777 == 0o755
    assert ours.stat().st_uid == os.getuid()


def test_the_folder_of_all_data_stays_ours(ground):
    assert (ground.root / "data").stat().st_uid == (ground.root / "logins").stat().st_uid == os.getuid()


def test_what_a_container_is_given_no_more_is_taken_away(ground):
    folder, gone = ground.root / "given" / "decide.demo.0", ground.root / "given" / "decide.gone.0"
    (folder / "projects").mkdir(mode=0o700, exist_ok=True)
    (folder / "projects" / "gone.yaml").write_text("x")
    gone.mkdir(mode=0o700)
    (gone / "password").write_text("x")
    ground.fit_out("a token to start with")
    assert not (folder / "projects" / "gone.yaml").exists()
    assert not gone.exists()
    assert (folder / "run" / "endpoints.json").exists()


def test_other_files_are_told_from_the_same_ones_but_for_what_is_taken_up_anyway():
    files = {Path("run", "endpoints.json"): b"1", Path("identities", "a.json"): b"old"}
    assert digest(files) == digest(files | {Path("identities", "a.json"): b"new"})
    assert digest(files) != digest(files | {Path("run", "endpoints.json"): b"2"})
    assert digest(files) != digest(files | {Path("projects", "more.yaml"): b""})


def test_a_shell_that_says_nothing_of_a_provider_leaves_the_one_there_was(ground, tmp_path):
    (tmp_path / "ca.pem").write_text("authority")
    said = {
        "VEIL_OIDC_ISSUER": "https://login.example",
        "VEIL_OIDC_CLIENT_ID": "veil",
        "VEIL_OIDC_PERSON_CLAIM": "sub",
        "VEIL_OIDC_ACR": "mfa",
        "VEIL_OIDC_CA": str(tmp_path / "ca.pem"),
    }
    replace(ground, environ=said).fit_out("a token to start with")
    told = given(ground, "label.demo.0")
    ground.fit_out("a token to start with")
    assert given(ground, "label.demo.0") == told
    assert b"https://login.example" in told["run/signin.json"]
    replace(ground, environ={"VEIL_OIDC_ISSUER": ""}).fit_out("a token to start with")
    assert b"https://login.example" not in given(ground, "label.demo.0")["run/signin.json"]


def test_its_name_is_said_once(ground):
    assert recorded_name(ground.root) == ground.name
    assert recorded_name(ground.root / "nowhere") is None


def test_every_file_is_its_container_s_alone(ground):
    for place in (ground.root / "given").rglob("*"):
        assert place.stat().st_mode & 0o077 == 0 or place.parent == ground.root, place
