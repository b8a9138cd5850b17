"""From a report to a sealed find on `finds.P`: made before the task's key is forgotten, committed with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.errors import RecordError
from schemas.records import Find, LabelSpan, Task
from streams.label.finds import as_bytes, fragments
from vault.data_keys import DataKeys
from vault.keys import find_binding, seal

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Reported:
    """A task as it was reported: by which lease, why, and where."""

    lease_id: str
    task: Task
    reason: str
    marks: tuple[LabelSpan, ...]


class FindSealer:
    """Seals for one project. `open_content` opens a task; `keys` gives data keys of `finds-<project>`."""

    def __init__(self, project: str, open_content: Callable[[Task], Mapping[str, str]], keys: DataKeys) -> None:
        self._project = project
        self._open_content = open_content
        self._keys = keys

    def __call__(self, reported: Reported, now: int) -> Find | None:
        """None where nothing was marked, or the content does not open (it tells nobody anything, then).

        Raises VaultUnavailable, AccessDenied.
        """
        if not reported.marks:
            return None
        try:
            fields = self._open_content(reported.task)
            found = fragments(fields, reported.marks)
        except RecordError:
            return None
        task = reported.task
        key = self._keys.current(f"finds-{self._project}", f"label.{self._project}/{now // HOUR_MS}", now)
        return Find(
            find_id=reported.lease_id,
            task_id=task.task_id,
            policy=task.policy,
            bundle=task.bundle,
            reason=reported.reason,
            wrapped_key=key.wrapped,
            context=key.context,
            sealed=seal(key.secret, as_bytes(found), find_binding(self._project, reported.lease_id)).data,
            reported_at=now,
        )
