"""Builds the parts that are ours: certificates, ports, downloads, and who is where."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from deploy.local.authority import Certificates, ensure_certificates
from deploy.local.disk import ROOT_MIN_FREE, require_space
from deploy.local.downloads import Artifact, ArtifactCache, Report, read_lock
from deploy.local.endpoints import Endpoints, External
from deploy.local.kafka import Kafka
from deploy.local.layout import Layout
from deploy.local.openbao import OpenBao
from deploy.local.part import Part
from deploy.local.ports import Ports, keep
from deploy.local.registry import Registry, unpack

REGISTRY_GROUP = "io.apicurio"  # every other file of the lock belongs to Kafka


@dataclass(frozen=True, slots=True)
class Assembly:
    """`parts` are ours to start; `endpoints` name all three, whoever runs them."""

    parts: tuple[Part, ...]
    ports: Ports
    endpoints: Endpoints


@dataclass(frozen=True, slots=True)
class Assembler:
    """Does everything up to the point where processes start."""

    cache: ArtifactCache
    report: Report
    rng: random.Random
    now: Callable[[], datetime]
    """Timezone-aware; what certificates are dated by."""

    def assemble(self, layout: Layout, external: External) -> Assembly:
        """Blocks for the downloads of a first start. Raises StackError, OSError."""
        require_space(layout.root, ROOT_MIN_FREE)
        certificates = ensure_certificates(layout.tls, layout.secrets / "ca.key", self.now())
        ports = keep(layout.root / "ports.json", self.rng)
        self._download(external)
        parts: list[Part] = []
        if (kafka := external.kafka) is None:
            parts.append(own_kafka := self._kafka(layout, ports, certificates))
            kafka = own_kafka.endpoint
        if (vault := external.vault) is None:
            parts.append(own_vault := OpenBao(layout, ports, certificates))
            vault = own_vault.endpoint
        if (registry := external.registry) is None:
            parts.append(own_registry := self._registry(layout, ports, certificates))
            registry = own_registry.endpoint
        return Assembly(tuple(parts), ports, Endpoints(kafka, vault, registry, external.log_name))

    def _download(self, external: External) -> None:
        """All at once, which is faster than one part after the other."""
        wanted = () if external.kafka else kafka_artifacts()
        wanted += () if external.registry else registry_artifacts()
        self.cache.ensure(wanted, self.report)

    def _kafka(self, layout: Layout, ports: Ports, certificates: Certificates) -> Kafka:
        jars = [self.cache.path(artifact) for artifact in kafka_artifacts()]
        return Kafka(layout, jars, ports, certificates)

    def _registry(self, layout: Layout, ports: Ports, certificates: Certificates) -> Registry:
        (archive,) = registry_artifacts()
        unpacked = unpack(self.cache.path(archive), archive.sha256)
        return Registry(layout, unpacked, ports, certificates)


def kafka_artifacts() -> tuple[Artifact, ...]:
    return tuple(artifact for artifact in read_lock() if artifact.group != REGISTRY_GROUP)


def registry_artifacts() -> tuple[Artifact, ...]:
    return tuple(artifact for artifact in read_lock() if artifact.group == REGISTRY_GROUP)
