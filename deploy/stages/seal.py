"""Seal: the audit of all projects in, signed checkpoints out."""

from __future__ import annotations

from deploy.log_name import log_name
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.errors import ConfigError
from streams.audit.processor import SealProcessor, Seams
from streams.engine.log import Ownership
from topology.identity import PLATFORM
from topology.loading import Topology

BATCH_LIMIT = 5_000
"""Of a record only its hash is kept, and it costs no output: a large batch saves transactions."""


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The sealer of an installation."""
    key = around.topology.pins.of(around.identity.signer)
    if key is None:
        raise ConfigError(f"{around.identity.signer} has no pinned key; run `veil topology apply`")
    topics = inputs(around.topology)
    seams = Seams(log_name(around.endpoints, around.log), key, around.sign, around.registry, around.log, topics)
    processor = SealProcessor(around.codec, seams)
    return StageParts(processor, topics, Ownership.WHOLE, batch_limit=BATCH_LIMIT, rereads=True)


def inputs(topology: Topology) -> tuple[str, ...]:
    """The topics to seal: of every project that is declared, whether it runs here or not."""
    return (*(f"audit.{name}" for name in sorted(topology.projects)), f"audit.{PLATFORM}")
