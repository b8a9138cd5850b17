"""What a test hands a process's identity to log in with, as whoever starts processes does."""

from __future__ import annotations

from pathlib import Path

from deploy.local.endpoints import load_endpoints
from deploy.starting import handed_by_administrator
from deploy.surroundings import Surroundings, surroundings
from topology.identity import Identity
from topology.loading import Topology
from vault.handing import Handed


def handed(root: Path, identity: Identity) -> Handed:
    return handed_by_administrator(load_endpoints(root / "run" / "endpoints.json"), identity)


def started(root: Path, identity: Identity, project: str, topology: Topology | None = None) -> Surroundings:
    """The surroundings of a process that is started."""
    return surroundings(root, identity, project, topology, handed=handed(root, identity))
