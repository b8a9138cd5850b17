"""The name service may answer elsewhere, Vault and the registry be labelled otherwise: that alone is opened."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.kubernetes.cluster import ranges
from deploy.kubernetes.making import made
from deploy.kubernetes.proving import faults
from schemas.errors import ConfigError

CACHE = "169.254.20.10/32"
AT = ranges([CACHE, "10.96.0.10/32"])
PORTS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
NAME = "app.kubernetes.io/name"


def objects_of(topology, cluster):
    files = made(topology, cluster, {"letters"})
    return [it for name, file in files.items() if name != "kustomization.yaml" for it in file]


def egress(objects, name):
    return next(
        it["spec"]["egress"] for it in objects if it["kind"] == "NetworkPolicy" and it["metadata"]["name"] == name
    )


def labels(rule):
    return rule["to"][0].get("podSelector", {}).get("matchLabels", {})


@pytest.fixture
def cached(cluster):
    """Of a cluster whose machines each answer for the name service."""
    return dataclasses.replace(cluster, names_at=AT)


def test_each_pod_asks_the_name_service_there_by_port_53_and_goes_there_by_no_other(topology, cluster, cached):
    before = {it["metadata"]["name"]: it["spec"]["egress"] for it in policies(objects_of(topology, cluster))}
    after = {it["metadata"]["name"]: it["spec"]["egress"] for it in policies(objects_of(topology, cached))}
    way = {"to": [{"ipBlock": {"cidr": it}} for it in AT], "ports": PORTS}
    assert after.keys() == before.keys() >= {"front-demo", "redact-demo", "backup-platform", "notify-letters"}
    for name, rules in after.items():
        assert [it for it in rules if it != way] == before[name]
        assert rules.count(way) == 1


def policies(objects):
    return [it for it in objects if it["kind"] == "NetworkPolicy" and it["metadata"]["name"] != "nobody"]


def test_what_is_made_so_is_right_where_the_same_is_said_and_only_there(topology, cluster, cached):
    objects = objects_of(topology, cached)
    assert faults(objects, topology, cached) == ()
    assert any("a route to anywhere" in it for it in faults(objects, topology, cluster))
    lacking = faults(objects_of(topology, cluster), topology, cached)
    assert any("no route to names at their addresses" in it for it in lacking)


TAMPERED = {
    "another port": lambda it: it["ports"][0].update(port=443),
    "a port more": lambda it: it["ports"].append({"port": 443, "protocol": "TCP"}),
    "all ports": lambda it: it.pop("ports"),
    "a range of ports": lambda it: it["ports"][0].update(endPort=65535),
    "an address more": lambda it: it["to"].append({"ipBlock": {"cidr": "10.0.0.0/8"}}),
    "another address": lambda it: it["to"][0]["ipBlock"].update(cidr="169.254.169.254/32"),
    "anywhere": lambda it: it.pop("to"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_else_such_a_rule_opens_is_found(topology, cached, what):
    objects = objects_of(topology, cached)
    TAMPERED[what](next(it for it in egress(objects, "redact-demo") if "ipBlock" in it["to"][0]))
    said = faults(objects, topology, cached)
    assert any("StatefulSet veil-ingestion/redact-demo: a route to anywhere" in it for it in said)


def test_pods_reach_vault_and_the_registry_by_the_labels_that_these_have(topology, cluster):
    charts = cluster.labelled(vault="vault", registry="schema-registry")
    objects = objects_of(topology, charts)
    names = {labels(rule).get(NAME) for it in policies(objects) for rule in it["spec"]["egress"]}
    assert names - {None} == {"vault", "schema-registry"}
    assert faults(objects, topology, charts) == ()
    said = faults(objects, topology, cluster)
    assert any("no route to vault" in it for it in said)
    assert any("no route to registry" in it for it in said)


def test_a_label_that_is_not_said_stays_what_it_is(cluster):
    assert cluster.labelled(vault=None, registry=None) == cluster


@pytest.mark.parametrize("wrong", ["", "-vault", "vault-", "a b", "a" * 64, "{}", "vault\n"])
def test_what_is_no_label_is_said(cluster, wrong):
    with pytest.raises(ConfigError, match="label"):
        cluster.labelled(vault=wrong, registry=None)


def test_the_command_writes_and_checks_by_the_same_words(tmp_path):
    run, base = CliRunner().invoke, tmp_path / "base"
    elsewhere = ["--names-at", CACHE, "--names-at", "10.96.0.10/32", "--vault-name", "vault"]
    elsewhere += ["--registry-name", "schema-registry"]
    common = ["topology", "kubernetes", "--root", str(tmp_path), "--json"]
    assert run(app, [*common, "--to", str(base), *elsewhere]).exit_code == 0
    files = sorted(it for it in base.glob("*.yaml") if it.name != "kustomization.yaml")
    (tmp_path / "all.yaml").write_text("".join(it.read_text() for it in files))
    check = [*common, "--check", str(tmp_path / "all.yaml")]
    assert json.loads(run(app, [*check, *elsewhere]).stdout) == {"faults": []}
    assert run(app, check).exit_code == 1
