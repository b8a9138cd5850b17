"""More processes where records wait: KEDA asks Kafka how far redact is behind, as who may ask that and no more."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.kubernetes.cluster import Cluster, Object
from deploy.kubernetes.kafka_objects import PASSWORD
from deploy.kubernetes.placing import Placed, least
from topology.identity import Identity
from topology.loading import Topology

API = "keda.sh/v1alpha1"
SCALER = "scaler"
"""Who asks, of each project."""
BY = {"redact": "raw"}
"""The stages whose number follows what waits, and on which of the topics that they read."""
BEHIND = 1000
"""Records that wait for each process: what one does in some seconds."""
ONE_MORE_EACH_S = 60
"""It compiles its detectors for half a minute and takes partitions from others: only then is seen what it does."""
PROTOCOL = "3.6.0"
"""Of Kafka: by itself KEDA speaks one that brokers no longer understand since 4.0 (KIP-896)."""
CA, USER = "ca", "username"
"""Keys of the Secret that KEDA finds beside the password."""


def scaled(who: Placed, topology: Topology, cluster: Cluster) -> Iterator[Object]:
    """What scales an identity's set, where it is scaled: as whom KEDA asks, and what it makes of that."""
    if who.identity.role not in BY:
        return
    project = topology.project(who.identity.place)
    asking = Identity(SCALER, project.name).name
    keys = {"username": USER, "password": PASSWORD, "ca": CA}
    yield _named(who, "TriggerAuthentication", asking) | {
        "spec": {
            "secretTargetRef": [{"parameter": it, "name": asking, "key": key} for it, key in keys.items()],
        }
    }
    yield _named(who, "ScaledObject", who.name) | {
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": who.name},
            "minReplicaCount": least(who, topology),
            # Who is one more than there are partitions has nothing to do.
            "maxReplicaCount": project.partitions,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": _one_by_one()}}},
            "triggers": [_trigger(who, asking, cluster)],
        }
    }


def _one_by_one() -> Object:
    return {"policies": [{"type": "Pods", "value": 1, "periodSeconds": ONE_MORE_EACH_S}]}


def _trigger(who: Placed, asking: str, cluster: Cluster) -> Object:
    return {
        "type": "kafka",
        "metadata": {
            "bootstrapServers": cluster.bootstrap,
            "consumerGroup": who.identity.group,
            "topic": f"{BY[who.identity.role]}.{who.identity.place}",
            "lagThreshold": str(BEHIND),
            "offsetResetPolicy": "earliest",
            "sasl": "scram_sha512",
            "tls": "enable",
            "version": PROTOCOL,
        },
        "authenticationRef": {"name": asking},
    }


def _named(who: Placed, kind: str, name: str) -> Object:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "namespace": who.namespace}}
