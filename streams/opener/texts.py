"""A task in clear: its sealed shape and its opened text as one record. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.errors import Reason, Undecodable
from schemas.records import FieldShape, OpenField, OpenTask, Task


def open_task(task: Task, texts: Mapping[str, str], now: int) -> OpenTask:
    """`texts`: by field path, as they were sealed. Raises Undecodable where they aren't what the task says."""
    if {shape.path: shape.length for shape in task.fields} != {path: len(text) for path, text in texts.items()}:
        raise Undecodable(Reason.UNDECODABLE, f"task {task.task_id}: its content has not the shape that it says")
    return OpenTask(
        task_id=task.task_id,
        revision=task.revision,
        bundle=task.bundle,
        policy=task.policy,
        segment_id=task.segment_id,
        overlap=task.overlap,
        fields=tuple(_field(shape, texts[shape.path]) for shape in task.fields),
        priority=task.priority,
        batch=task.batch,
        skills=task.skills,
        supersedes=task.supersedes,
        opened_at=now,
    )


def _field(shape: FieldShape, text: str) -> OpenField:
    return OpenField(shape.path, text, shape.placeholders)
