"""Redact is scaled by what waits for it, and who asks Kafka for that may ask no more."""

from __future__ import annotations

import pytest

from deploy.kubernetes.scaling import SCALER
from topology.access import vault_policies
from topology.acls import Operation, acls


def of_kind(objects, kind):
    return {it["metadata"]["name"]: it["spec"] for it in objects if it["kind"] == kind}


def test_there_are_never_more_processes_than_partitions_to_read(objects):
    found = {name: it["maxReplicaCount"] for name, it in of_kind(objects, "ScaledObject").items()}
    assert found == {"redact-demo": 4, "redact-letters": 8}


def test_a_set_that_is_scaled_says_no_number_of_its_own(objects):
    scaled = {it["scaleTargetRef"]["name"] for it in of_kind(objects, "ScaledObject").values()}
    assert scaled == {name for name, it in of_kind(objects, "StatefulSet").items() if "replicas" not in it}


@pytest.mark.parametrize("name", ["demo", "letters"])
def test_who_asks_may_ask_for_what_it_is_told_to_and_reads_nothing(topology, objects, name):
    mine = [rule for rule in acls(topology) if rule.principal == f"User:{SCALER}.{name}"]
    assert {rule.operation for rule in mine} == {Operation.DESCRIBE}
    told = of_kind(objects, "ScaledObject")[f"redact-{name}"]["triggers"][0]["metadata"]
    assert {told["topic"], told["consumerGroup"]} <= {rule.name for rule in mine}
    assert f"{SCALER}.{name}" not in vault_policies(topology)
