"""Replay: copies of raw records that two people have ordered to be redacted again."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.redact.again.processor import INPUTS, ReplayProcessor, Seams


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The replay stage of a project."""
    project = around.project

    def policy_version() -> int:
        policy = around.book.policy_in_force(project)
        return policy.version if policy else 0

    seams = Seams(lambda: around.book.reredactions(project).in_force, policy_version, around.log)
    processor = ReplayProcessor(project, around.codec, seams)
    return StageParts(processor, INPUTS, Ownership.WHOLE, stop=processor.close)
