"""Whether objects give anybody more, or less, than the flow does. Pure: objects in, faults out.

It reads any objects, also those that an overlay has changed (`veil topology kubernetes --check`). Rights, routes
and pods are summed up from the objects as they are and held against the flow itself, not against what is made of
it. And whatever differs from what is made, but for the few things that an overlay may change (`likeness.py`), is a
fault, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from deploy.kubernetes.cluster import Cluster, Object
from deploy.kubernetes.kafka_objects import OPERATIONS, RESOURCES, password_secret, users
from deploy.kubernetes.likeness import key_of, unlike
from deploy.kubernetes.making import KUSTOMIZATION, made
from deploy.kubernetes.own import own_projects
from deploy.kubernetes.placing import Environment, Placed, placed
from deploy.kubernetes.pod_faults import pod_faults
from deploy.kubernetes.route_faults import route_faults
from deploy.kubernetes.routes import IDENTITY
from topology.acls import CLUSTER_NAME, Acl, acls, principal
from topology.loading import Topology
from topology.topics import Environment as Kafka
from topology.topics import topics

_RESOURCES = {spelled: resource for resource, spelled in RESOURCES.items()}
_OPERATIONS = {spelled: operation for operation, spelled in OPERATIONS.items()}


def faults(objects: Collection[Object], topology: Topology, cluster: Cluster) -> tuple[str, ...]:
    """What is given that the flow does not give, and what is missing; a sentence each, none where it is right."""
    found = [*_twice(objects)]
    found += _namespaces(objects)
    found += _topics(objects, topology)
    found += _users(objects, topology)
    found += _workloads(objects, topology, cluster)
    found += _others(objects, topology, cluster)
    return tuple(sorted(found))


def _others(objects: Collection[Object], topology: Topology, cluster: Cluster) -> Iterator[str]:
    """Whatever differs from what is made."""
    files = made(topology, cluster, own_projects(topology))
    wanted = [it for name, those in files.items() if name != KUSTOMIZATION for it in those]
    yield from (f"{_named(*key)}: is not as it is made" for key in sorted(unlike(objects, wanted)))
    missing = {key_of(it) for it in wanted} - {key_of(it) for it in objects}
    yield from (f"{_named(*key)}: is missing" for key in sorted(missing))


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """Those of these kinds."""
    return [it for it in objects if it.get("kind") in kinds]


def _name(it: Object) -> str:
    return _named(*key_of(it))


def _named(_version: str, kind: str, namespace: str, name: str) -> str:
    return f"{kind} {namespace}/{name}"


def _twice(objects: Iterable[Object]) -> Iterator[str]:
    names = [_name(it) for it in objects]
    yield from (f"{name}: is there twice" for name in sorted(set(names)) if names.count(name) > 1)


def _namespaces(objects: Iterable[Object]) -> Iterator[str]:
    enforced = {
        it["metadata"]["name"]: it["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
        for it in of_kind(objects, "Namespace")
    }
    wanted = {environment.namespace: "restricted" for environment in Environment}
    yield from _differ("pod security of namespace", enforced, wanted)


def _topics(objects: Iterable[Object], topology: Topology) -> Iterator[str]:
    found = {it["metadata"]["name"]: it["spec"] for it in of_kind(objects, "KafkaTopic")}
    wanted = {
        spec.name: {"partitions": spec.partitions, "replicas": spec.replication, "config": dict(spec.config)}
        for spec in topics(topology, Kafka.PRODUCTION)
    }
    yield from _differ("topic", found, wanted)


def _users(objects: Iterable[Object], topology: Topology) -> Iterator[str]:
    found = of_kind(objects, "KafkaUser")
    wanted = {identity.name: password_secret(identity) for identity in users(topology)}
    yield from _differ("login of user", {it["metadata"]["name"]: _login(it) for it in found}, wanted)
    given = {rule for user in found for rule in _rules(user)}
    theirs = {principal(identity) for identity in users(topology)}
    allowed = {str(rule) for rule in acls(topology) if rule.principal in theirs}
    yield from (f"{rule}: the flow does not give it" for rule in sorted(given - allowed))
    yield from (f"{rule}: the flow gives it, and it is missing" for rule in sorted(allowed - given))


def _login(user: Object) -> object:
    """The Secret of the password, where the user logs in by one and is asked what it may."""
    spec = user["spec"]
    if spec["authentication"]["type"] != "scram-sha-512" or spec["authorization"]["type"] != "simple":
        return spec
    return spec["authentication"]["password"]["valueFrom"]["secretKeyRef"]["name"]


def _rules(user: Object) -> Iterator[str]:
    for rule in user["spec"]["authorization"]["acls"]:
        for operation in rule["operations"]:
            yield _rule(user["metadata"]["name"], rule, operation)


def _rule(name: str, rule: Mapping[str, Any], operation: str) -> str:
    """As `Acl` prints it; one that has no such form as it stands."""
    resource = rule["resource"]
    known = resource["type"] in _RESOURCES and operation in _OPERATIONS
    if not known or rule.get("type", "allow") != "allow" or rule.get("host", "*") != "*":
        return f"User:{name}: {operation} by {sorted(rule.items())}"
    prefixed = resource.get("patternType") == "prefix"
    place = resource.get("name", CLUSTER_NAME)
    return str(Acl(f"User:{name}", _RESOURCES[resource["type"]], place, prefixed, _OPERATIONS[operation]))


def _workloads(objects: Collection[Object], topology: Topology, cluster: Cluster) -> Iterator[str]:
    wanted = {who.identity.name: who for who in placed(topology, ships=cluster.ships)}
    seen: list[str] = []
    for it in of_kind(objects, "StatefulSet", "Deployment", "CronJob"):
        pod = pod_of(it)
        name = pod["metadata"].get("labels", {}).get(IDENTITY, "")
        who = wanted.get(name)
        if who is None or it["metadata"]["namespace"] != who.namespace:
            yield f"{_name(it)}: has pods of {name or 'nobody'}, which have no place there"
            continue
        seen.append(name)
        yield from (f"{_name(it)}: {fault}" for fault in pod_faults(pod, who, cluster))
        yield from (f"{_name(it)}: {fault}" for fault in route_faults(pod, who, objects, cluster))
    yield from (f"{name}: has no pods" for name in sorted(wanted.keys() - set(seen)))
    yield from (f"{name}: has pods of two kinds" for name in sorted(set(seen)) if seen.count(name) > 1)
    yield from _accounts(objects, wanted.values())


def _accounts(objects: Iterable[Object], everybody: Iterable[Placed]) -> Iterator[str]:
    found = {
        (it["metadata"]["namespace"], it["metadata"]["name"]): it.get("automountServiceAccountToken")
        for it in of_kind(objects, "ServiceAccount")
    }
    yield from _differ("service account", found, {(who.namespace, who.identity.name): False for who in everybody})


def pod_of(it: Object) -> Object:
    """The pod of a set, a deployment or a cron job."""
    spec = it["spec"]
    made: Object = (spec["jobTemplate"]["spec"] if it["kind"] == "CronJob" else spec)["template"]
    return made


def _differ(what: str, found: Mapping[Any, object], wanted: Mapping[Any, object]) -> Iterator[str]:
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            yield f"{what} {name}: is not what the flow says"
