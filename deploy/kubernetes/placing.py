"""Who has a pod, and in which environment: read off the flow, so a new role finds its place by what it reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from deploy.stages.roles import CONSOLE, FRONT, MATCHER, PLATFORM_ROLES, PROJECT_ROLES, SHIPPER, roles_of
from topology.access import vault_policies
from topology.flow import Content, Flow, Scope
from topology.identity import PLATFORM, Identity
from topology.loading import Topology
from topology.webhooks import Webhook
from vault.pods import PodAccount

SHIPPING = (SHIPPER, MATCHER)
"""Who carries Vault's log, and who matches what that one carries: where the log is in no pod's reach, neither."""
NOTIFY = "notify"
"""Who sends to others' machines."""
SEVERAL = {"redact": 2}
"""The stages that share a topic's partitions among several processes, and among how many."""
STAGES = (*PROJECT_ROLES, *PLATFORM_ROLES, CONSOLE)
PEOPLE, FRONTS = 8, 2
"""How many people a front is for, and how many fronts there are at least: while one is started again, another is
there.
"""
JOBS = ("backup", "inspector")
"""Those that start, do one thing, and end."""


class Environment(StrEnum):
    """A namespace of ours each, `veil-<environment>`; between them there is no route."""

    INGESTION = "ingestion"
    """Who reads raw or quarantined records."""
    ANNOTATION = "annotation"
    """Who serves those who label."""
    REVIEW = "review"
    """What becomes of labels and mappings."""
    PLATFORM = "platform"
    """Who serves all projects."""

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return f"veil-{self.value}"


@dataclass(frozen=True, slots=True)
class Placed:
    """An identity whose pods run somewhere. `serves`: people come to it by a browser; `webhooks`: who is told."""

    identity: Identity
    environment: Environment
    processes: int
    serves: bool
    in_vault: bool
    """Whether it may do anything in Vault, and so logs in there, by its service account's token."""
    is_job: bool
    webhooks: tuple[Webhook, ...] = ()
    is_front: bool = False
    """Whether it stands before another, keeps nothing, and ends after each batch of work."""
    fronted: bool = False
    """Whether only such ones come to it."""

    @property
    def name(self) -> str:
        """Of its objects whose names may have no dot: `redact-demo`."""
        return f"{self.identity.role}-{self.identity.place}"

    @property
    def counted(self) -> bool:
        """Whether it serves metrics: what starts, does one thing and ends is gone before anybody asks."""
        return not self.is_job

    @property
    def namespace(self) -> str:
        """Where its pods are."""
        return self.environment.namespace


def placed(topology: Topology, *, ships: bool = True) -> tuple[Placed, ...]:
    """Everybody who has pods, in the order data passes through them. `ships`: whether one can read Vault's log."""
    policies = vault_policies(topology)
    return tuple(
        Placed(
            identity,
            environment(topology.flow, identity.role),
            _processes(topology, identity),
            serves=_is_page(identity.role),
            in_vault=identity.name in policies,
            is_job=identity.role in JOBS,
            webhooks=topology.project(identity.place).webhooks if identity.role == NOTIFY else (),
            is_front=identity.role == FRONT,
            fronted=identity.role == topology.flow.roles[FRONT].served_by,
        )
        for identity in _running(topology)
        if ships or identity.role not in SHIPPING
    )


def least(who: Placed, topology: Topology) -> int:
    """How many processes of an identity there are at any time, whatever scales it and an overlay says."""
    if who.is_front:
        return FRONTS
    if who.identity.role in SEVERAL:
        return min(who.processes, topology.project(who.identity.place).partitions)
    return who.processes


def pod_accounts(topology: Topology, audience: str) -> dict[str, PodAccount]:
    """By identity, the service account by whose token its pods log in to Vault."""
    return {
        who.identity.name: PodAccount(who.namespace, who.identity.name, audience)
        for who in placed(topology)
        if who.in_vault
    }


def environment(flow: Flow, name: str) -> Environment:
    """Of a role."""
    role = flow.roles[name]
    if role.scope is Scope.PLATFORM:
        return Environment.PLATFORM
    read = [flow.topics[topic] for topic in role.reads]
    if any(kind.holds is Content.RAW and not kind.by_place for kind in read):
        return Environment.INGESTION
    return Environment.ANNOTATION if name in (FRONT, flow.roles[FRONT].served_by) else Environment.REVIEW


def _is_page(name: str) -> bool:
    return name in (FRONT, CONSOLE)


def _processes(topology: Topology, identity: Identity) -> int:
    if identity.role != FRONT:
        return SEVERAL.get(identity.role, 1)
    persons = topology.project(identity.place).persons
    return max(FRONTS, math.ceil(len({*persons.annotators, *persons.adjudicators}) / PEOPLE))


def _running(topology: Topology) -> Iterator[Identity]:
    for name, project in sorted(topology.projects.items()):
        needed = set(roles_of(project))
        yield from (Identity(role, name) for role in STAGES if role in needed)
        yield Identity(FRONT, name)
    platform = (role for role in (*STAGES, *JOBS) if topology.flow.roles[role].scope is Scope.PLATFORM)
    yield from (Identity(role, PLATFORM) for role in platform)
