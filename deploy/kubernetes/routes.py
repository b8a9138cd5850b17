"""Who may talk to whom. Nobody to anybody, but each pod to what its identity uses, notify to whom it tells,
browsers to the pages, fronts to label, Prometheus to what serves metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.kubernetes.cluster import GATEWAY, PAGE_PORT, Cluster, Object, Place
from deploy.kubernetes.outside import outside, ports
from deploy.kubernetes.placing import Environment, Placed
from deploy.settings import IMAGE_HEALTH_PORT
from deploy.stages.roles import FRONT
from topology.identity import Identity

LABEL = "label"
IDENTITY = "veilstream/identity"
"""The label of a pod that says as whom it acts."""


def denials() -> Iterator[Object]:
    """In each namespace of ours nothing gets in or out that no other policy allows."""
    for environment in Environment:
        yield _policy("nobody", environment.namespace, {}, {"ingress": [], "egress": []})


def route(who: Placed, cluster: Cluster) -> Object:
    """What one identity's pods may reach, and who reaches them."""
    spec = {
        "ingress": [*_comes(who, cluster)],
        "egress": [*(to(place) for place in places(who, cluster)), *_besides(who, cluster)],
    }
    return _policy(who.name, who.namespace, {"matchLabels": {IDENTITY: who.identity.name}}, spec)


def _comes(who: Placed, cluster: Cluster) -> Iterator[Object]:
    if who.serves:
        yield from_browsers()
    if who.fronted:
        yield from_fronts(who)
    if who.counted:
        yield from_prometheus(cluster)
    if who.counted and cluster.probed_from:
        yield from_machines(cluster)


def places(who: Placed, cluster: Cluster) -> Iterable[Place]:
    """Everybody reads or writes topics, whose schemas are in the registry, but fronts, who know label alone; not
    everybody has business in Vault.
    """
    if who.is_front:
        return (cluster.names, label(who))
    vault = (cluster.vault,) if who.in_vault else ()
    return (cluster.names, cluster.kafka, cluster.registry, *vault)


def to(place: Place) -> Object:
    """An egress rule."""
    return {"to": [place.peer()], "ports": place.ports()}


def to_names(cluster: Cluster) -> Object:
    """Another: where machines answer for the name service, and only by its port."""
    return {"to": [{"ipBlock": {"cidr": one}} for one in cluster.names_at], "ports": cluster.names.ports()}


def _besides(who: Placed, cluster: Cluster) -> Iterator[Object]:
    if cluster.names_at:
        yield to_names(cluster)
    if told := ports(who.webhooks):
        yield outside(told)


def label(front: Placed) -> Place:
    """Whom a front passes calls on to."""
    return Place(front.namespace, {IDENTITY: Identity(LABEL, front.identity.place).name}, PAGE_PORT)


def inside(project: str) -> str:
    """What label is called within the cluster."""
    return f"{LABEL}-{project}.{Environment.ANNOTATION.namespace}.svc"


def from_fronts(who: Placed) -> Object:
    """An ingress rule: of its own project's, in its own namespace."""
    place = Place(who.namespace, {IDENTITY: Identity(FRONT, who.identity.place).name}, PAGE_PORT)
    return {"from": [place.peer()], "ports": place.ports()}


def from_browsers() -> Object:
    """Another."""
    return {
        "from": [{"namespaceSelector": {"matchLabels": {GATEWAY: "true"}}}],
        "ports": [{"port": PAGE_PORT, "protocol": "TCP"}],
    }


def from_prometheus(cluster: Cluster) -> Object:
    """And another: it asks on a port of its own, where there is nothing else."""
    return {"from": [cluster.prometheus.peer()], "ports": cluster.prometheus.ports()}


def from_machines(cluster: Cluster) -> Object:
    """Another: of machines that ask whether their pods are ready, where the network keeps these out."""
    return {
        "from": [{"ipBlock": {"cidr": one}} for one in cluster.probed_from],
        "ports": [{"port": IMAGE_HEALTH_PORT, "protocol": "TCP"}],
    }


def _policy(name: str, namespace: str, selector: Object, rules: Object) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], **rules},
    }
