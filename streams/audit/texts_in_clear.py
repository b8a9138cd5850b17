"""Which texts lie in clear on `open.P`, as opener says on the audit. Pure; its events in their own order."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.audit import AuditEvent, EventType
from schemas.resources import Kind, task_ids


class TextsInClear:
    """Of one project. Memory: an id and a pointer for each text that lies there."""

    def __init__(self, project: str) -> None:
        self._opener = f"opener.{project}"
        self._segment_of: dict[str, str] = {}

    def add(self, event: AuditEvent) -> tuple[str, ...]:
        """Take the next event. The tasks that it says something of which can't be: those taken back that did not
        lie there.
        """
        if event.process != self._opener:
            return ()
        tasks = task_ids(event)
        if event.type is EventType.TEXTS_OPENED and event.outcome == "success":
            segment = event.resource.removeprefix(f"{Kind.SEGMENT}/")
            self._segment_of.update(dict.fromkeys(tasks, segment))
        elif event.type is EventType.TEXTS_RETRACTED:
            if not tasks:
                self._segment_of.clear()  # it begins with nothing: what lay there was on a cluster that is gone
            return tuple(task for task in tasks if self._segment_of.pop(task, None) is None)
        return ()

    def __len__(self) -> int:
        return len(self._segment_of)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._segment_of

    def by_task(self) -> Iterator[tuple[str, str]]:
        """Each task with its segment, in order."""
        yield from sorted(self._segment_of.items())
