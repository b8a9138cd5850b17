"""What the README tells others to set is what the parts of our own are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from deploy.kubernetes.cluster import Cluster
from deploy.local.kafka import _SMALL, ADMIN, REAUTHENTICATE_MS, rules
from tests.deploy.kubernetes.test_validity import problems
from topology.topics import Environment

README = Path(__file__).parents[3] / "deploy" / "kubernetes" / "README.md"


@pytest.fixture(scope="module")
def strimzi():
    (block,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    return {it["kind"]: it for it in yaml.safe_load_all(block)}


def as_kafka_reads(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_strimzi_s_brokers_are_told_what_ours_are(strimzi):
    told = {key: as_kafka_reads(it) for key, it in strimzi["Kafka"]["spec"]["kafka"]["config"].items()}
    ours = {key: it for key, it in rules(Environment.PRODUCTION).items() if key not in _SMALL}
    assert told == ours | {"connections.max.reauth.ms": str(REAUTHENTICATE_MS)}


def test_strimzi_keeps_who_provisions_and_leaves_persons_to_warden(strimzi):
    user, spec = strimzi["KafkaUser"], strimzi["Kafka"]["spec"]
    assert list(problems(user)) == []
    assert spec["kafka"]["authorization"]["superUsers"] == [user["metadata"]["name"]] == [ADMIN]
    (ignored,) = spec["entityOperator"]["template"]["userOperatorContainer"]["env"]
    assert re.fullmatch(ignored["value"], "person.ada")
    assert not re.fullmatch(ignored["value"], "persons.demo")


def test_it_is_the_cluster_that_objects_are_made_for(strimzi):
    cluster, kafka = Cluster("veil.example"), strimzi["Kafka"]
    assert kafka["metadata"] == {"name": cluster.kafka_cluster, "namespace": cluster.kafka.namespace}
    assert {it["port"] for it in kafka["spec"]["kafka"]["listeners"]} == {cluster.kafka.port}
    assert strimzi["KafkaUser"]["metadata"]["labels"] == dict(cluster.kafka.labels)
