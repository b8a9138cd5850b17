"""The files of `veil topology kubernetes`: written to a folder, and read again as somebody's overlay has them."""

from __future__ import annotations

from pathlib import Path

import yaml

from deploy.kubernetes.cluster import Cluster, Object
from deploy.kubernetes.making import made, text
from deploy.kubernetes.own import own_projects, require_files
from deploy.kubernetes.proving import faults
from deploy.persons import load_declared
from schemas.errors import ConfigError
from schemas.files import write_atomically

HEAD = "# Made by `veil topology kubernetes` from flow.yaml and projects: change those, or lay an overlay on it.\n"


def write(root: Path, folder: Path, cluster: Cluster) -> dict[str, int]:
    """Write all files; how many objects each holds. Raises ConfigError."""
    topology = load_declared(root)
    require_files(root, own := own_projects(topology))
    files = made(topology, cluster, own)
    folder.mkdir(parents=True, exist_ok=True)
    for name, objects in files.items():
        write_atomically(folder / name, HEAD + text(objects))
    return {name: len(objects) for name, objects in files.items()}


def check(root: Path, file: Path, cluster: Cluster) -> tuple[str, ...]:
    """What the objects of a file give that the flow does not, or lack. Raises ConfigError where it is none."""
    objects = _objects(file)
    try:
        return faults(objects, load_declared(root), cluster)
    except (AttributeError, KeyError, TypeError):
        raise ConfigError(f"{file}: holds an object without what Kubernetes asks of its kind") from None


def _objects(file: Path) -> list[Object]:
    try:
        found = [it for it in yaml.safe_load_all(file.read_text(encoding="utf-8")) if it is not None]
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise ConfigError(f"{file}: can't be read as YAML; give it what `kubectl kustomize` prints") from None
    if not all(isinstance(it, dict) and isinstance(it.get("metadata"), dict) for it in found):
        raise ConfigError(f"{file}: holds something that is no object of Kubernetes")
    return found
