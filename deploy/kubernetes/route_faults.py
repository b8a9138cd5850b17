"""Where a pod can go and who can come to it, summed over all network policies that choose it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from deploy.kubernetes.cluster import GATEWAY, PAGE_PORT, Cluster, Object, Place
from deploy.kubernetes.outside import outside, ports
from deploy.kubernetes.placing import Placed
from deploy.kubernetes.routes import LABEL, from_fronts, from_machines, from_prometheus, label, to_names

BROWSERS = "browsers"
FRONTS = "the fronts of its project"
PROMETHEUS = "Prometheus"
MACHINES = "machines that probe"
NAMES, NAMES_AT = "names", "names at their addresses"
OTHERS = "whom it tells"
ANYWHERE = "anywhere"
"""A route that is no place of the cluster's; what it is stands in the policy."""


def route_faults(pod: Object, who: Placed, objects: Collection[Object], cluster: Cluster) -> Iterator[str]:
    """Routes that the identity has no use for, and those that it lacks."""
    policies = [it for it in objects if it.get("kind") == "NetworkPolicy" and _chooses(it, pod, who.namespace)]
    out = [rule for it in policies for rule in it["spec"].get("egress") or ()]
    inwards = [rule for it in policies for rule in it["spec"].get("ingress") or ()]
    ways = (
        ("to", "Egress", [_place(rule, who, cluster) for rule in out]),
        ("from", "Ingress", [_origin(rule, who, cluster) for rule in inwards]),
    )
    wanted = {"to": _goes_to(who, cluster), "from": _comes(who, cluster)}
    for word, way, found in ways:
        if not any(way in it["spec"].get("policyTypes", ()) for it in policies):
            yield f"no policy holds its {way.lower()}: it may go, or be come to, anywhere"
        yield from (
            f"a route {word} {place}, which the flow does not give" for place in _more(found, wanted[word])
        )
        yield from (f"no route {word} {place}" for place in sorted(wanted[word] - set(found)))


def _goes_to(who: Placed, cluster: Cluster) -> frozenset[str]:
    names = {NAMES, NAMES_AT} if cluster.names_at else {NAMES}
    if who.is_front:
        return frozenset({*names, LABEL})
    told = {OTHERS} if ports(who.webhooks) else set()
    return frozenset({*names, "kafka", "registry"} | ({"vault"} if who.in_vault else set()) | told)


def _comes(who: Placed, cluster: Cluster) -> frozenset[str]:
    people = {BROWSERS} if who.serves else {FRONTS} if who.fronted else set()
    asking = {PROMETHEUS, MACHINES} if cluster.probed_from else {PROMETHEUS}
    return frozenset(people | (asking if who.counted else set()))


def _more(found: Iterable[str], wanted: Collection[str]) -> list[str]:
    return sorted(set(found) - set(wanted))


def _chooses(policy: Object, pod: Object, namespace: str) -> bool:
    """A selector that this does not understand is taken to choose every pod of its namespace, and a label that a
    pod is not made with to be one that Kubernetes gives it.
    """
    selector, labels = policy["spec"].get("podSelector") or {}, pod["metadata"].get("labels", {})
    if policy["metadata"]["namespace"] != namespace:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    return set(selector) - {"matchLabels"} != set() or all(labels.get(key, it) == it for key, it in wanted)


def _place(rule: Object, who: Placed, cluster: Cluster) -> str:
    if rule == outside(ports(who.webhooks)):
        return OTHERS
    if cluster.names_at and rule == to_names(cluster):
        return NAMES_AT
    if who.is_front and _is(rule, label(who)):
        return LABEL
    places = {NAMES: cluster.names, "kafka": cluster.kafka, "vault": cluster.vault, "registry": cluster.registry}
    return next((name for name, place in places.items() if _is(rule, place)), ANYWHERE)


def _is(rule: Object, place: Place) -> bool:
    return (
        set(rule) == {"to", "ports"}
        and rule["to"] == [place.peer()]
        and _ports(rule) == _ports({"ports": place.ports()})
    )


def _origin(rule: Object, who: Placed, cluster: Cluster) -> str:
    browsers = [{"namespaceSelector": {"matchLabels": {GATEWAY: "true"}}}]
    known = set(rule) == {"from", "ports"} and rule["from"] == browsers
    if who.fronted and rule == from_fronts(who):
        return FRONTS
    if who.counted and rule == from_prometheus(cluster):
        return PROMETHEUS
    if who.counted and cluster.probed_from and rule == from_machines(cluster):
        return MACHINES
    return BROWSERS if known and _ports(rule) == [("TCP", PAGE_PORT, None)] else ANYWHERE


def _ports(rule: Object) -> list[Any]:
    """One with a range has an `endPort`, and is like none of ours."""
    found = ((it.get("protocol", "TCP"), it.get("port"), it.get("endPort")) for it in rule["ports"])
    return sorted(found, key=str)
