"""Which stages of a project read what expires, and so must not come too late. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from topology.flow import Scope
from topology.identity import Identity
from topology.loading import Topology


@dataclass(frozen=True, slots=True, order=True)
class Reader:
    """A stage's consumer group, and a topic of its project that keeps records for `retention_ms`."""

    group: str
    topic: str
    retention_ms: int


def readers(topology: Topology, project: str) -> tuple[Reader, ...]:
    """All of a project. Not who reads from outside (models, exporters): they have no state to fall behind with."""
    flow, retentions = topology.flow, topology.project(project).retention_ms
    return tuple(
        sorted(
            Reader(Identity(role.name, project).group, flow.topics[kind].topic(project), retentions[kind])
            for role in flow.roles.values()
            if role.scope is Scope.PROJECT and role.state is not None
            for kind in role.reads
            if kind in retentions and not flow.topics[kind].by_place
        )
    )
