"""The ACLs of each identity: the smallest set with which a transactional consume–process–produce works.

Measured on Kafka 4.4: READ on inputs, WRITE on outputs, READ on the group, WRITE on the transactional id. DESCRIBE
is implied by either; IDEMPOTENT_WRITE is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from topology.identity import Identity
from topology.loading import Topology
from topology.rights import Rights, identities, rights


class Resource(StrEnum):
    """Kafka's resource types, as the AdminClient spells them."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"
    TRANSACTIONAL_ID = "TRANSACTIONAL_ID"
    CLUSTER = "BROKER"


class Operation(StrEnum):
    """Kafka's operations."""

    READ = "READ"
    WRITE = "WRITE"
    CREATE = "CREATE"
    ALTER = "ALTER"
    DESCRIBE = "DESCRIBE"
    ALTER_CONFIGS = "ALTER_CONFIGS"
    DESCRIBE_CONFIGS = "DESCRIBE_CONFIGS"


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One rule that allows; there are none that deny, since what no rule allows is denied."""

    principal: str
    resource: Resource
    name: str
    prefixed: bool
    operation: Operation

    def __str__(self) -> str:
        star = "*" if self.prefixed else ""
        return f"{self.principal}: {self.operation} on {self.resource.lower()} {self.name}{star}"


CLUSTER_NAME = "kafka-cluster"
_PROVISIONING = (
    (Resource.CLUSTER, CLUSTER_NAME, Operation.CREATE),  # topics
    (Resource.CLUSTER, CLUSTER_NAME, Operation.ALTER),  # ACLs and SCRAM users
    (Resource.CLUSTER, CLUSTER_NAME, Operation.DESCRIBE),
    (Resource.TOPIC, "*", Operation.DESCRIBE),
    (Resource.TOPIC, "*", Operation.DESCRIBE_CONFIGS),
    (Resource.TOPIC, "*", Operation.ALTER_CONFIGS),
)
"""Enough to apply the topology. It can grant itself more (whoever grants can), which Kafka's own log shows."""


def principal(identity: Identity) -> str:
    """The Kafka principal of an identity, under SCRAM."""
    return f"User:{identity.name}"


def acls(topology: Topology) -> list[Acl]:
    """The ACLs of all identities."""
    return sorted(acl for identity in identities(topology) for acl in _of(identity, rights(topology, identity)))


def _of(identity: Identity, allowed: Rights) -> Iterator[Acl]:
    who = principal(identity)
    yield from (Acl(who, Resource.TOPIC, topic, False, Operation.READ) for topic in allowed.reads)
    yield from (Acl(who, Resource.TOPIC, topic, False, Operation.WRITE) for topic in allowed.writes)
    if allowed.group:
        yield Acl(who, Resource.GROUP, identity.group, False, Operation.READ)
    if allowed.transactions:
        yield Acl(who, Resource.TRANSACTIONAL_ID, identity.slots, True, Operation.WRITE)
    for topic in {reader.topic for reader in allowed.measures} - allowed.reads - allowed.writes:
        yield Acl(who, Resource.TOPIC, topic, False, Operation.DESCRIBE)
    for group in {reader.group for reader in allowed.measures} - {identity.group}:
        yield Acl(who, Resource.GROUP, group, False, Operation.DESCRIBE)
    if allowed.provisions:
        yield from (Acl(who, resource, name, False, operation) for resource, name, operation in _PROVISIONING)
    if allowed.backs_up:
        yield Acl(who, Resource.TOPIC, "*", False, Operation.DESCRIBE)  # where each ends, and nothing it holds
    if allowed.checks:
        for operation in (Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS):
            yield Acl(who, Resource.TOPIC, "*", False, operation)
    if allowed.ends:
        yield Acl(who, Resource.CLUSTER, CLUSTER_NAME, False, Operation.ALTER)  # decisions/0008 weighs it
