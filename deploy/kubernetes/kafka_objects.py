"""Topics and users as Strimzi's operators take them; the rules are those of `topology.acls` in its spelling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.kubernetes.cluster import Cluster, Object
from topology.acls import Acl, Operation, Resource, acls, principal
from topology.identity import PERSON, Identity
from topology.loading import Topology
from topology.rights import identities
from topology.topics import Environment, TopicSpec, topics

API = "kafka.strimzi.io/v1"
PASSWORD = "password"  # noqa: S105 - the name of a key
RESOURCES = {
    Resource.TOPIC: "topic",
    Resource.GROUP: "group",
    Resource.TRANSACTIONAL_ID: "transactionalId",
    Resource.CLUSTER: "cluster",
}
OPERATIONS = {operation: "".join(word.capitalize() for word in operation.split("_")) for operation in Operation}


def password_secret(identity: Identity) -> str:
    """The Secret that Strimzi reads a user's password from; its own, named as the user, is another."""
    return f"given.{identity.name}"


def users(topology: Topology) -> tuple[Identity, ...]:
    """Whose users are Strimzi's. Persons' and apps' are not: in two minutes it would give back the password and
    take away the denial by which warden has ended a login (`topology/decisions/0008`).
    """
    return tuple(identity for identity in identities(topology) if identity.role != PERSON)


def kafka_objects(topology: Topology, cluster: Cluster) -> Iterator[Object]:
    """All topics, then all users that are Strimzi's."""
    yield from (_topic(spec, cluster) for spec in topics(topology, Environment.PRODUCTION))
    rules = acls(topology)
    for identity in users(topology):
        yield _user(identity, [rule for rule in rules if rule.principal == principal(identity)], cluster)


def _topic(spec: TopicSpec, cluster: Cluster) -> Object:
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": _metadata(spec.name, cluster),
        "spec": {"partitions": spec.partitions, "replicas": spec.replication, "config": dict(spec.config)},
    }


def _user(identity: Identity, rules: Iterable[Acl], cluster: Cluster) -> Object:
    password = {"secretKeyRef": {"name": password_secret(identity), "key": PASSWORD}}
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": _metadata(identity.name, cluster),
        "spec": {
            "authentication": {"type": "scram-sha-512", "password": {"valueFrom": password}},
            "authorization": {"type": "simple", "acls": [_rule(rule) for rule in rules]},
        },
    }


def _rule(rule: Acl) -> Object:
    resource: Object = {"type": RESOURCES[rule.resource]}
    if rule.resource is not Resource.CLUSTER:
        resource |= {"name": rule.name, "patternType": "prefix" if rule.prefixed else "literal"}
    return {"resource": resource, "operations": [OPERATIONS[rule.operation]], "host": "*", "type": "allow"}


def _metadata(name: str, cluster: Cluster) -> Object:
    return {
        "name": name,
        "namespace": cluster.kafka.namespace,
        "labels": {"strimzi.io/cluster": cluster.kafka_cluster},
    }
