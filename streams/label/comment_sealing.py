"""Sealing what is typed about a task for redact, and opening what redact has left of it, by the task's key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from schemas.hidden import SealedBytes, SecretBytes
from schemas.records import Task
from schemas.states import CommentState
from streams.label.commands import Draft
from vault.comments import Typed, digest, note_key, open_note, seal_typed, transit_key
from vault.data_keys import DataKeys
from vault.keys import framed

HOUR_MS = 3_600_000
_ID_CHARS = 32


def comment_id(project: str, task_id: str, person: str, key: str) -> str:
    """The name of a comment: a repeated call with the same Idempotency-Key names the same one."""
    return hashlib.sha256(framed(project, task_id, person, key)).hexdigest()[:_ID_CHARS]


class CommentSealer:
    """Seals and opens for one project. `task_key` gives the key of a task's content; `keys` data keys of
    `comments-<project>`. Thread-safe. All calls raise RecordError where the task never will open,
    VaultUnavailable, AccessDenied.
    """

    def __init__(self, project: str, task_key: Callable[[Task], SecretBytes], keys: DataKeys) -> None:
        self._project = project
        self._task_key = task_key
        self._keys = keys

    def draft(self, task: Task, name: str, text: str, now: int) -> Draft:
        """The comment of this name, as it may leave the thread that was given its text."""
        project, task_id, key = self._project, task.task_id, self._task_key(task)
        data_key = self._keys.current(transit_key(project), f"label.{project}/{now // HOUR_MS}", now)
        typed = Typed(text, note_key(key, project, task_id, name))
        sealed = seal_typed(data_key.secret, typed, project=project, task_id=task_id, comment_id=name)
        said = digest(key, project, task_id, text)
        return Draft(name, task_id, said, len(text), data_key.wrapped, data_key.context, sealed.data)

    def texts(self, task: Task, comments: Sequence[CommentState]) -> dict[str, str]:
        """What may be shown of these comments, by their ids; of one that is not shown, nothing."""
        key = self._task_key(task)
        return {
            it.comment_id: open_note(
                note_key(key, self._project, task.task_id, it.comment_id),
                SealedBytes(it.sealed),
                project=self._project,
                task_id=task.task_id,
                comment_id=it.comment_id,
            )
            for it in comments
            if it.sealed
        }
