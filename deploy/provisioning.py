"""`topology apply`, and the event on `audit.platform` that says it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from deploy.acting import act
from deploy.compose.passwords import pass_on
from deploy.local.endpoints import Endpoints
from deploy.provision.command import Result, apply_topology
from deploy.provision.parts import PROVISIONER, as_provisioner, connected
from deploy.provision.rotating import Renewed, rotate
from deploy.registering import Registered, register
from deploy.starting import handed_by_administrator
from deploy.surroundings import surroundings
from schemas.audit import Event, EventType
from schemas.resources import project_resource
from topology.identity import PLATFORM, Identity
from topology.loading import Topology


def apply_audited(topology: Topology, endpoints: Endpoints, root: Path) -> Result:
    """Apply the topology; where anything changed, the provisioner says so under its own identity.

    The event follows the change: before the first apply there is neither a topic nor an identity to write it with.
    Raises as `apply_topology` and `act`.
    """
    with connected(endpoints, root) as parts, as_provisioner(parts, endpoints, topology) as (own, prepared):
        result = apply_topology(topology, own, partial(pass_on, root))
    result = replace(result, changes=(*prepared, *result.changes))
    if result.changes:
        _say(root, endpoints, Counter(change.part for change in result.changes))
    return result


def say_enrolled(root: Path, endpoints: Endpoints, projects: int) -> None:
    """Say that who may sign in to so many projects, with our Vault as provider, was written down in it anew.

    Raises as `act`.
    """
    _say(root, endpoints, Counter({"signin": projects}))


def rotate_audited(
    endpoints: Endpoints, root: Path, chosen: Sequence[Identity], *, end_logins: bool = False
) -> Renewed:
    """What they log in with, anew (`deploy.provision.rotating`), and the provisioner says how many.

    Raises as `rotate` and `act`.
    """
    with connected(endpoints, root) as parts:
        done = rotate(chosen, parts, partial(pass_on, root), end_logins=end_logins)
    said = {"kafka password": done.passwords, "vault secret id": done.secret_ids, "vault login": done.ended}
    _say(root, endpoints, Counter({part: count for part, count in said.items() if count}))
    return done


def register_audited(
    root: Path, endpoints: Endpoints, project: str, schema: str, *, fewer_tags: bool = False
) -> Registered:
    """Register an Avro schema of a project's producers (`deploy.registering`); where it was not there before, the
    provisioner says which. Names in it are chosen by a customer, so they are said nowhere.

    Raises as `register` and `act`.
    """
    found = register(endpoints, project, schema, fewer_tags=fewer_tags)
    if found.new:
        details = {"schema id": str(found.number), "schema version": str(found.version)}
        _say_of(root, endpoints, project, details)
    return found


def say_certificates(root: Path, endpoints: Endpoints, count: int) -> None:
    """Say that so many certificates of our own parts were changed while they ran. Raises as `act`."""
    _say(root, endpoints, Counter({"certificate": count}))


def _say(root: Path, endpoints: Endpoints, changes: Counter[str]) -> None:
    _say_of(root, endpoints, PLATFORM, {part: str(count) for part, count in sorted(changes.items())})


def _say_of(root: Path, endpoints: Endpoints, project: str, details: Mapping[str, str]) -> None:
    handed = handed_by_administrator(endpoints, PROVISIONER)
    around = surroundings(root, PROVISIONER, PLATFORM, handed=handed)
    try:
        act(around, [], [Event(EventType.TOPOLOGY_APPLIED, project_resource(project), details=dict(details))])
    finally:
        around.close()
