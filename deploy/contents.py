"""Opening a task's content: the sanitized text of its fields, under the key that the view layer holds for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from schemas.errors import Reason, RecordError, Undecodable
from schemas.hidden import SealedBytes
from schemas.records import Task
from vault.keys import open_sealed, task_binding
from vault.segments.opening import ViewKeys


def contents(keys: ViewKeys, project: str) -> Callable[[Task], Mapping[str, str]]:
    """Opens tasks of a project. What it gives raises RecordError where one never will open, VaultUnavailable,
    AccessDenied.
    """

    def open_content(task: Task) -> Mapping[str, str]:
        key = keys.task_key(task.segment_id, task.task_id)
        binding = task_binding(project, task.task_id, task.revision)
        return fields_of(open_sealed(key, SealedBytes(task.sealed), binding))

    return open_content


def once_gone(opening: Callable[[Task], Mapping[str, str]]) -> Callable[[Task], Mapping[str, str]]:
    """The same, but that a segment whose document is gone is asked for once: so often its reading is announced."""
    gone: dict[str, RecordError] = {}

    def open_content(task: Task) -> Mapping[str, str]:
        if task.segment_id in gone:
            raise gone[task.segment_id]
        try:
            return opening(task)
        except RecordError as error:
            if error.reason is Reason.UNKNOWN_SEGMENT:  # anything else is of this task alone
                gone[task.segment_id] = error
            raise

    return open_content


def fields_of(content: bytes) -> dict[str, str]:
    """Text by field path, or hints by placeholder. Raises Undecodable."""
    try:
        fields: dict[str, str] = json.loads(content)
    except ValueError:  # `from None`: it quotes what it choked on
        raise Undecodable(Reason.UNDECODABLE, "the content of a task is not what redact writes") from None
    return fields
