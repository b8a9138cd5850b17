"""What an identity's pods are given, and what they are not."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.behind import Behind, read_behind
from deploy.kubernetes.cluster import Cluster
from deploy.kubernetes.given import main, secrets
from deploy.kubernetes.making import made
from deploy.kubernetes.placing import placed
from deploy.kubernetes.pods import VAULT_LOG, key
from deploy.local.endpoints import (
    Endpoints,
    KafkaEndpoint,
    RegistryEndpoint,
    VaultEndpoint,
    load_endpoints,
    save_endpoints,
)
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.signin.configuration import load
from deploy.webhooks import SecretFiles
from schemas.errors import ConfigError
from streams.notify import signing
from streams.web.server import is_loopback
from topology.identity import PLATFORM, Identity
from topology.loading import load_topology
from vault.approles import AppRoleCredentials

CLUSTER = Cluster("veil.example", ships=True)
OWN = """name: letters
owner: us
persons: {authors: [a], approvers: [b], operators: [c], annotators: [d]}
webhooks:
  - {name: crm, url: "https://crm.example/in", events: [verdict.reached]}
  - {name: near, url: "https://near.example/in", events: [task.closed], private: true}
"""


@cache
def own_topology():
    with TemporaryDirectory() as folder:
        (Path(folder) / "letters.yaml").write_text(OWN)
        return load_topology(extra_projects=[Path(folder)])


TOPOLOGY = own_topology()
SCALER, PRODUCER = Identity("scaler", "demo"), Identity("producer", "demo")
LABEL, BACKUP, ADA = Identity("label", "demo"), Identity("backup", PLATFORM), Identity("person", "ada")
OIDC = {
    "VEIL_OIDC_ISSUER": "https://id.example",
    "VEIL_OIDC_CLIENT_ID": "veil",
    "VEIL_OIDC_PERSON_CLAIM": "person",
    "VEIL_OIDC_ACR": "mfa",
}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    for folder in ("run", "topology", "parts", "projects/gold"):
        (root / folder).mkdir(parents=True)
    writer = ("writer-cert", "writer-key", "token-key")
    shown = ("shown-cert", "shown-key")
    part = {
        name: root / "parts" / name for name in ("kafka", "vault", "registry", "admin", "token", *shown, *writer)
    }
    for name, place in part.items():
        place.write_text(f"content of {name}")
    endpoints = Endpoints(
        KafkaEndpoint("kafka:9093", part["kafka"], "admin", part["admin"]),
        VaultEndpoint("https://vault:8200", part["vault"], part["token"], pods="veilstream-vault"),
        RegistryEndpoint("https://registry:8443", part["registry"], *(part[it] for it in (*shown, *writer))),
    )
    save_endpoints(root / "run" / "endpoints.json", endpoints)
    (root / "topology" / "pins.json").write_text("{}")
    (root / "projects" / "gold" / "demo.yaml").write_text("what is true of gold")
    (root / "projects" / "letters.yaml").write_text(OWN)
    everybody = [who.identity for who in placed(TOPOLOGY) if not who.is_front]
    for identity in (*everybody, ADA):
        vault = AppRoleCredentials("role id", "secret id")
        CredentialFiles(root).save(Credentials(identity, f"password of {identity.name}", vault))
    return root


def content(it):
    return {name: base64.b64decode(value).decode() for name, value in it["data"].items()}


def mounted(identity, *, optional):
    """The keys that the pods of an identity look for, required or not."""
    objects = [it for file in made(TOPOLOGY, CLUSTER, {"letters"}).values() for it in file]
    source = [
        source["secret"]
        for it in objects
        if it["kind"] in {"StatefulSet", "Deployment", "CronJob"}
        for volume in (it["spec"].get("template") or it["spec"]["jobTemplate"]["spec"]["template"])["spec"][
            "volumes"
        ]
        for source in volume.get("projected", {}).get("sources", ())
        if "secret" in source
    ]
    return {
        item["key"]
        for it in source
        if it["name"] == identity.name and it["optional"] is optional
        for item in it["items"]
    }


@pytest.mark.parametrize("who", placed(TOPOLOGY), ids=lambda who: who.identity.name)
def test_every_pod_finds_the_files_that_it_needs_and_no_others_are_given(root, who):
    given, *passwords = secrets(root, who.identity, CLUSTER, {})
    assert (given["metadata"]["namespace"], given["metadata"]["name"]) == (who.namespace, who.identity.name)
    keys = given["data"].keys()
    assert (
        mounted(who.identity, optional=False)
        <= keys
        <= (mounted(who.identity, optional=False) | mounted(who.identity, optional=True))
    )
    known = [{"password": f"password of {who.identity.name}"}]
    assert list(map(content, passwords)) == ([] if who.is_front else known)
    assert all(it["metadata"]["namespace"] == "kafka" for it in passwords)


@pytest.mark.parametrize("identity", [LABEL, BACKUP], ids=str)
def test_nothing_of_it_opens_vault_and_nothing_is_another_s(root, identity):
    found = "".join(content(secrets(root, identity, CLUSTER, {})[0]).values())
    assert "secret id" not in found
    assert "content of admin" not in found
    assert "content of token" not in found
    assert "content of shown-cert" in found
    assert "content of writer" not in found
    assert "what is true of gold" not in found
    assert "password of redact.demo" not in found


def test_who_has_no_pods_has_a_password_for_kafka_and_nothing_else(root):
    CredentialFiles(root).save(Credentials(PRODUCER, "password of producer.demo"))
    (password,) = secrets(root, PRODUCER, CLUSTER, {})
    assert password["metadata"]["name"] == "given.producer.demo"


def test_a_person_s_login_stays_warden_s_to_end(root):
    with pytest.raises(ConfigError, match="warden"):
        secrets(root, ADA, CLUSTER, {})


def test_keda_finds_what_it_asks_kafka_by_beside_what_it_scales(root):
    CredentialFiles(root).save(Credentials(SCALER, "password of scaler.demo"))
    asked, _ = secrets(root, SCALER, CLUSTER, {})
    assert (asked["metadata"]["namespace"], asked["metadata"]["name"]) == ("veil-ingestion", "scaler.demo")
    expected = {"ca": "content of kafka", "username": "scaler.demo", "password": "password of scaler.demo"}
    assert content(asked) == expected


def test_a_page_listens_beyond_its_pod_over_tls_under_the_name_of_its_certificate(root, tmp_path):
    (ca := tmp_path / "ca.pem").write_text("ca of id.example")
    given = content(secrets(root, LABEL, CLUSTER, OIDC | {"VEIL_OIDC_CA": str(ca)})[0])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "signin.json").write_text(given[key("run/signin.json")])
    found = load(tmp_path, "demo")
    assert found.origin == "https://label-demo.veil.example:8443"
    assert not is_loopback(found.listening.host)
    assert found.listening.certificate == "/tls/tls.crt"
    assert found.provider.ca_file == "/veil/tls/oidc-ca.pem"
    assert given[key("tls/oidc-ca.pem")] == "ca of id.example"


def test_what_webhooks_are_signed_with_is_made_where_it_is_missing_and_is_that_project_s(root):
    notify = Identity("notify", "letters")
    SecretFiles(root, "letters").ensure("crm")
    SecretFiles(root, "demo").ensure("crm")
    kept = SecretFiles(root, "letters").read("crm")
    given = content(secrets(root, notify, CLUSTER, {})[0])
    named = {name for name in given if name.startswith("webhooks")}
    assert named == {key(f"webhooks/letters.{it}") for it in ("crm", "near")}
    assert given[key("webhooks/letters.crm")] == f"{signing.written(kept[0])}\n"


def test_shipper_finds_vault_s_log_where_its_claim_is_and_no_other_pod_is_told_of_one(root, tmp_path):
    (tmp_path / "there").mkdir()
    for role, path in (("shipper", VAULT_LOG), ("matcher", None), ("seal", None)):
        given = content(secrets(root, Identity(role, PLATFORM), CLUSTER, {})[0])
        (tmp_path / "there" / "endpoints.json").write_text(given[key("run/endpoints.json")])
        assert load_endpoints(tmp_path / "there" / "endpoints.json").vault.followed_log == path


def test_a_front_finds_label_by_its_name_within_and_browsers_find_it_by_label_s(root, tmp_path):
    (given,) = map(content, secrets(root, Identity("front", "demo"), CLUSTER, OIDC))
    (tmp_path / "run").mkdir()
    for name in ("signin", "front"):
        (tmp_path / "run" / f"{name}.json").write_text(given[key(f"run/{name}.json")])
    found = load(tmp_path, "demo")
    assert (found.origin, found.provider) == ("https://label-demo.veil.example:8443", None)
    assert read_behind(tmp_path) == Behind("https://label-demo.veil-annotation.svc:8443", "/tls/ca.crt")
    objects = [it for file in made(TOPOLOGY, CLUSTER, {"letters"}).values() for it in file]
    names = {it["metadata"]["name"]: it["spec"]["dnsNames"] for it in objects if it.get("kind") == "Certificate"}
    assert names["label-demo-tls"] == ["label-demo.veil-annotation.svc"]
    assert names["front-demo-tls"] == ["label-demo.veil.example"]


def test_what_is_missing_is_said_before_a_pod_waits_for_it(root):
    (root / "topology" / "pins.json").unlink()
    with pytest.raises(ConfigError, match=r"pins\.json"):
        secrets(root, LABEL, CLUSTER, {})


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_more_than_a_secret_can_hold_is_refused_by_name_before_the_api_server_does(root, more, refused, capsys):
    given = content(secrets(root, LABEL, CLUSTER, {})[0])
    rest = sum(len(it) for name, it in given.items() if name != key("tls/kafka-ca.pem"))
    (root / "parts" / "kafka").write_text(" " * (1024 * 1024 - rest + more))
    assert main(["label", "demo", "--root", str(root)]) == (2 if refused else 0)
    said = capsys.readouterr().err
    assert (f"veil-annotation/label.demo: {1024 * 1024 + more:,} bytes" in said) is refused
    assert ("tls__kafka-ca.pem first" in said) is refused


def test_it_is_printed_into_a_pipe_and_never_on_a_terminal(root, capsys, monkeypatch):
    assert main(["label", "demo", "--root", str(root)]) == 0
    assert "kind: Secret" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["label", "demo", "--root", str(root)]) == 2
    assert "kind: Secret" not in capsys.readouterr().out


def test_who_is_not_there_is_named(root, capsys):
    assert main(["producer", "demo", "--root", str(root)]) == 2
    assert json.dumps("producer.demo")[1:-1] in capsys.readouterr().err
