"""Replay: copies of records that two people have ordered to be redacted again, or released from quarantine."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.redact.again.processor import ReplayProcessor, Seams


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The replay stage of a project."""
    project = around.project

    def policy_version() -> int:
        policy = around.book.policy_in_force(project)
        return policy.version if policy else 0

    kept = around.topology.project(project).retention_ms
    seams = Seams(
        in_force=lambda: around.book.reredactions(project).in_force,
        policy_version=policy_version,
        log=around.log,
        # Twice: a segment of a topic is kept until its last record is old enough, and stages may be behind.
        kept_ms=2 * sum(kept[kind] for kind in ("raw", "again", "quarantine")),
        released=lambda: around.book.quarantine_releases(project).in_force,
    )
    processor = ReplayProcessor(project, around.codec, seams)
    return StageParts(processor, (), Ownership.WHOLE, stop=processor.close)
