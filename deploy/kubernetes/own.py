"""Projects that are declared besides the packaged ones, and what a cluster asks of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deploy.surroundings import project_folders
from schemas.errors import ConfigError
from topology.loading import Topology, load_topology


def own_projects(topology: Topology) -> frozenset[str]:
    """Those that are declared besides the packaged ones, so that their files are not in the image."""
    return frozenset(topology.projects.keys() - load_topology().projects.keys())


def require_files(root: Path, own: Iterable[str]) -> None:
    """Raises ConfigError where pods would not find the file of such a project: they look for it by its name."""
    for name in sorted(own):
        if not any((folder / f"{name}.yaml").exists() for folder in project_folders(root)):
            raise ConfigError(
                f"{root / 'projects'}: the file of project {name} is called otherwise; pods look for {name}.yaml"
            )
