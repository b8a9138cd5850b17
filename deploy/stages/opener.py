"""Opener: sealed tasks in, of policies that say so the same in clear out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploy.contents import contents, once_gone
from deploy.known_policies import known_policies
from deploy.segment_index import index_of
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import Freezable
from schemas.records import Task
from streams.engine.log import Ownership
from streams.engine.superseded import latest
from streams.opener.processor import OpenerProcessor, Seams
from topology.policies.model import Publish
from vault.segments.opening import ViewKeys

INPUTS = ("tasks", "segments")


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The opener stage of a project."""
    project, book = around.project, around.book
    switched_on = bool(around.topology.project(project).open_texts)
    policy_of = known_policies(book, project)

    def is_open(policy_hash: str) -> bool | None:
        if not switched_on:
            return False
        policy = policy_of(policy_hash)
        return policy.publish is Publish.OPEN if policy else None

    def opening() -> Callable[[Task], Mapping[str, str]]:
        return once_gone(contents(ViewKeys(around.vault, project), project))

    seams = Seams(
        is_open=is_open,
        is_withdrawn=lambda task: book.is_withdrawn(project, task),
        frozen_by=lambda: book.frozen_by(project, Freezable.LABEL),
        opening=opening,
        indexes=lambda: index_of(around.log.read(f"segments.{project}"), around.codec).segments,
        now=around.clock.now,
        switched_on=switched_on,
        late_ms=lambda: latest(around.topology.project(project).retention_ms),
    )
    inputs = tuple(f"{kind}.{project}" for kind in INPUTS)
    return StageParts(OpenerProcessor(project, around.codec, seams), inputs, Ownership.WHOLE)
