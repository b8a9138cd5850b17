"""Builds the parts that are ours: certificates, ports, programs, and who is where."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deploy.local.authority import ensure_certificates
from deploy.local.disk import ROOT_MIN_FREE, require_space
from deploy.local.endpoints import Endpoints, External
from deploy.local.kafka import Kafka
from deploy.local.layout import Layout
from deploy.local.openbao import OpenBao
from deploy.local.part import Part
from deploy.local.ports import Ports, keep
from deploy.local.registry import Registry
from deploy.local.runner import Runner
from deploy.local.writer_key import FILE, ensure_writer_key
from deploy.progress import Report


@dataclass(frozen=True, slots=True)
class Assembly:
    """`parts` are ours to start; `endpoints` name all three, whoever runs them."""

    parts: tuple[Part, ...]
    ports: Ports
    endpoints: Endpoints


@dataclass(frozen=True, slots=True)
class Assembler:
    """Does everything up to the point where processes start."""

    runner: Runner
    environ: Mapping[str, str]
    report: Report
    rng: random.Random
    now: Callable[[], datetime]
    """Timezone-aware; what certificates are dated by."""

    def assemble(self, layout: Layout, external: External) -> Assembly:
        """Blocks for the downloads of a first start. Raises StackError, OSError."""
        require_space(layout.root, ROOT_MIN_FREE)
        certificates = ensure_certificates(layout.tls, layout.secrets / "ca.key", self.now())
        ports = keep(layout.root / "ports.json", self.rng)
        programs = self.runner.programs(_ours(external), self.environ, self.report)
        parts: list[Part] = []
        if (kafka := external.kafka) is None:
            spawner = self.runner.spawner("kafka", layout.root)
            parts.append(own_kafka := Kafka(layout, programs, ports, certificates, spawner))
            kafka = own_kafka.endpoint
        if (vault := external.vault) is None:
            parts.append(own_vault := OpenBao(layout, programs, ports, certificates))
            vault = own_vault.endpoint
        if (registry := external.registry) is None:
            writer = ensure_writer_key(layout.secrets / FILE)
            parts.append(own_registry := Registry(layout, programs, ports, certificates, writer.public))
            registry = own_registry.endpoint
        return Assembly(tuple(parts), ports, Endpoints(kafka, vault, registry, external.log_name))


def _ours(external: External) -> frozenset[str]:
    found = {"kafka": external.kafka, "vault": external.vault, "registry": external.registry}
    return frozenset(name for name, endpoint in found.items() if endpoint is None)
