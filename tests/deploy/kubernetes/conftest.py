from __future__ import annotations

import dataclasses

import pytest

from deploy.kubernetes.cluster import Cluster
from deploy.kubernetes.making import made
from topology.loading import Topology, load_topology
from topology.webhooks import Webhook, WebhookEvent

CLUSTER = Cluster("veil.example", ships=True)
WEBHOOKS = tuple(
    Webhook(name, url, frozenset(WebhookEvent), private)
    for name, url, private in (
        ("crm", "https://crm.example/in?token=x", False),
        ("other", "https://other.example:8443/in", False),
        ("near", "https://near.example:9443/in", True),
        ("beside", "http://localhost:8080/in", True),
    )
)


@pytest.fixture(scope="session")
def topology() -> Topology:
    """The packaged project, and one with requests for grants, webhooks and texts in clear."""
    declared = load_topology()
    demo = declared.projects["demo"]
    persons = dataclasses.replace(demo.persons, requesters=("rita",), grantors_a=("abel",), grantors_b=("berta",))
    letters = dataclasses.replace(
        demo, name="letters", partitions=8, persons=persons, webhooks=WEBHOOKS, open_texts=True
    )
    return dataclasses.replace(declared, projects={"demo": demo, "letters": letters})


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return CLUSTER


@pytest.fixture
def objects(topology: Topology, cluster: Cluster) -> list[dict]:
    """New ones each time: tests change them."""
    files = made(topology, cluster, {"letters"})
    return [it for name, file in files.items() if name != "kustomization.yaml" for it in file]
