"""Keeper: ends what Vault holds of segments."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.keeper.processor import KeeperProcessor


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The keeper stage of a project."""
    project = around.project
    processor = KeeperProcessor(
        project,
        around.codec,
        documents=around.vault,
        segments_now=lambda: around.log.read(f"segments.{project}"),
        clock=around.clock,
    )
    return StageParts(processor, (f"segments.{project}", f"joined.{project}"), Ownership.WHOLE)
