"""Redact is scaled by what waits for it, and who asks Kafka for that may ask no more."""

from __future__ import annotations

import pytest

from deploy.kubernetes.proving import faults
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


def test_there_is_one_more_a_minute_so_that_it_is_seen_whether_the_last_one_helped(objects):
    for it in of_kind(objects, "ScaledObject").values():
        up = it["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleUp"]
        assert up == {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}


@pytest.mark.parametrize(("least", "most"), [(2, 8), (3, 8), (2, 3), (4, 4), (8, 8)])
def test_an_overlay_says_how_many_there_are_within_what_has_work(objects, topology, cluster, least, most):
    of_kind(objects, "ScaledObject")["redact-letters"].update(minReplicaCount=least, maxReplicaCount=most)
    assert faults(objects, topology, cluster) == ()


@pytest.mark.parametrize(
    ("least", "most"), [(0, 8), (1, 8), (2, 9), (9, 9), (4, 3), (None, 8), (2, None), ("2", 8), (2, "8"), (2.5, 8)]
)
def test_fewer_than_are_declared_or_more_than_there_are_partitions_are_found(
    objects, topology, cluster, least, most
):
    said = {"minReplicaCount": least, "maxReplicaCount": most}
    of_kind(objects, "ScaledObject")["redact-letters"].update(said)
    assert faults(objects, topology, cluster) == (
        "ScaledObject veil-ingestion/redact-letters: is not as it is made",
    )


@pytest.mark.parametrize("number", [0, 3])
def test_a_number_of_the_set_s_own_is_found_since_each_apply_would_set_back_what_is_scaled(
    objects, topology, cluster, number
):
    of_kind(objects, "StatefulSet")["redact-demo"]["replicas"] = number
    assert faults(objects, topology, cluster)
