"""Opener: sealed tasks in, of policies that say so the same in clear out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploy.contents import contents
from deploy.known_policies import known_policies
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.control import Freezable
from schemas.errors import Reason, RecordError
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
    policy_of = known_policies(book, project)

    def is_open(policy_hash: str) -> bool | None:
        policy = policy_of(policy_hash)
        return policy.publish is Publish.OPEN if policy else None

    def opening() -> Callable[[Task], Mapping[str, str]]:
        return once_gone(contents(ViewKeys(around.vault, project), project))

    seams = Seams(
        is_open=is_open,
        is_withdrawn=lambda task: book.is_withdrawn(project, task),
        frozen_by=lambda: book.frozen_by(project, Freezable.LABEL),
        opening=opening,
        segments_now=lambda: around.log.read(f"segments.{project}"),
        late_ms=lambda: latest(around.topology.project(project).retention_ms),
    )
    inputs = tuple(f"{kind}.{project}" for kind in INPUTS)
    return StageParts(OpenerProcessor(project, around.codec, seams), inputs, Ownership.WHOLE)


def once_gone(opening: Callable[[Task], Mapping[str, str]]) -> Callable[[Task], Mapping[str, str]]:
    """The same, but that a segment which does not open is asked for once: so often its reading is announced."""
    gone: dict[str, RecordError] = {}

    def open_content(task: Task) -> Mapping[str, str]:
        if task.segment_id in gone:
            raise gone[task.segment_id]
        try:
            return opening(task)
        except RecordError as error:
            if error.reason is not Reason.WITHDRAWN:
                gone[task.segment_id] = error
            raise

    return open_content
