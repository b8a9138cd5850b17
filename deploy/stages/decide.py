"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.processor import DecideProcessor
from streams.engine.log import Ownership


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    processor = DecideProcessor(around.project, around.codec, around.clock)
    return StageParts(processor, (f"labels.{around.project}",), Ownership.WHOLE)
