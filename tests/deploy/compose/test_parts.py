"""What brokers and nodes of Vault are told."""

from __future__ import annotations

from pathlib import Path

from deploy.compose.cluster import BROKERS, NODES
from deploy.compose.parts import broker, certificates, node
from deploy.local.authority import BROKER, Certificates
from deploy.local.kafka import properties, server_settings
from deploy.local.ports import Ports

LOCAL = server_settings(Ports(1, 2, 3, 4, 5, 6), Certificates(Path("/tls")), Path("/data"))
PLACED = {
    *("node.id", "controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"),
    *("listener.security.protocol.map", "ssl.keystore.location", "ssl.truststore.location"),
}


def test_a_broker_is_told_what_a_local_one_is_but_for_where_it_is_and_how_many_copies_there_are():
    settings = broker("kafka-2", 29092)
    other = {key for key, value in LOCAL.items() if settings.get(key) != value}
    copies = {key for key in other - PLACED if settings[key] in ("2", "3")}
    assert other - PLACED == copies
    assert {settings[key] for key in copies if key.endswith(".isr") or "insync" in key} == {"2"}
    assert {settings[key] for key in copies if key.endswith("replication.factor")} == {"3"}


def test_every_listener_is_on_the_network_that_it_is_for_and_under_tls():
    settings = broker("kafka-2", 29092)
    assert settings["listeners"].split(",") == [
        "CLIENT://0.0.0.0:9093",
        "OPERATOR://kafka-2-operators:9092",
        "INTERNAL://kafka-2-quorum:9094",
        "CONTROLLER://kafka-2-quorum:9095",
    ]
    assert "OPERATOR://127.0.0.1:29092" in settings["advertised.listeners"]
    assert "PLAINTEXT" not in settings["listener.security.protocol.map"]
    for certified in ("internal", "controller"):
        assert settings[f"listener.name.{certified}.ssl.client.auth"] == "required"
    for named in ("client", "operator"):
        assert "ScramLoginModule" in settings[f"listener.name.{named}.scram-sha-512.sasl.jaas.config"]
    assert "password" not in properties(settings).lower()


def test_all_brokers_know_the_same_voters_and_each_is_one():
    found = {broker(name, 1)["controller.quorum.voters"] for name in BROKERS}
    assert len(found) == 1
    assert {broker(name, 1)["node.id"] for name in BROKERS} == {"1", "2", "3"}


def test_a_node_joins_the_others_and_reads_nothing_by_itself():
    for name in NODES:
        text = node(name)
        others = [other for other in NODES if other != name]
        assert all(f'leader_api_addr     = "https://{other}-raft:8200"' in text for other in others)
        assert f"https://{name}-raft:8200" not in text
        assert "disable_standby_reads = true" in text
        assert 'tls_min_version = "tls13"' in text
        assert 'audit "file"' in text


def test_each_part_and_page_shows_a_certificate_of_its_own_and_brokers_act_as_brokers():
    wanted = certificates({"page-label-demo": ("label-demo-0-page",)})
    assert {name for name, it in wanted.items() if it.acts_as == BROKER} == set(BROKERS)
    assert wanted["kafka-1"].names == ("kafka-1", "kafka-1-quorum")
    assert set(NODES) <= set(wanted)
    assert "page-label-demo" in wanted
