"""`topology apply`, and the event on `audit.platform` that says it happened."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from deploy.acting import act
from deploy.local.endpoints import Endpoints
from deploy.provision.command import Result, apply_topology
from deploy.provision.parts import connected
from deploy.starting import handed_by_administrator
from deploy.surroundings import surroundings
from schemas.audit import Event, EventType
from schemas.resources import project_resource
from topology.identity import PLATFORM, Identity
from topology.loading import Topology

PROVISIONER = Identity("provisioner", PLATFORM)


def apply_audited(topology: Topology, endpoints: Endpoints, root: Path) -> Result:
    """Apply the topology; where anything changed, the provisioner says so under its own identity.

    The event follows the change: before the first apply there is neither a topic nor an identity to write it with.
    Raises as `apply_topology` and `act`.
    """
    with connected(endpoints, root) as parts:
        result = apply_topology(topology, parts)
    if result.changes:
        _say(root, endpoints, Counter(change.part for change in result.changes))
    return result


def say_enrolled(root: Path, endpoints: Endpoints, projects: int) -> None:
    """Say that who may sign in to so many projects, with our Vault as provider, was written down in it anew.

    Raises as `act`.
    """
    _say(root, endpoints, Counter({"signin": projects}))


def _say(root: Path, endpoints: Endpoints, changes: Counter[str]) -> None:
    details = {part: str(count) for part, count in sorted(changes.items())}
    handed = handed_by_administrator(endpoints, PROVISIONER)
    around = surroundings(root, PROVISIONER, PLATFORM, handed=handed)
    try:
        act(around, [], [Event(EventType.TOPOLOGY_APPLIED, project_resource(PLATFORM), details=details)])
    finally:
        around.close()
