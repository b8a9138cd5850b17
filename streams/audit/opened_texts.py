"""What opener did wrong, and which texts lie in clear that should not, from the audit alone. Pure; events in any
order of slots.

A text that opener has laid out goes when its mapping does: within seconds of what keeper says of it, minutes where
opener had to be started again. One that lies there longer has been forgotten, as by a project whose file says
nothing of `open_texts` any more while texts are out.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.audit import AuditEvent, EventType
from schemas.resources import segment_resource, task_ids, task_resource
from streams.audit.beginnings import TASK_LIFE_MS, is_whole
from streams.audit.findings import Finding, FindingKind
from streams.audit.texts_in_clear import TextsInClear

GRACE_MS = 3_600_000
"""So long after the end of its mapping a text may lie there before that is a fault: an outage of opener."""
FOREVER_MS = 2**62
"""Of a finding that rests on nothing that could be missing."""
_ENDS = frozenset({EventType.SEGMENT_DESTROYED, EventType.TASK_WITHDRAWN})


class OpenedTexts:
    """Of one project. Memory: an id for each text that ever lay in clear, and for each mapping that has ended."""

    def __init__(self, project: str) -> None:
        self._opener, self._keeper = f"opener.{project}", f"keeper.{project}"
        self._announced: set[str] = set()
        self._texts = TextsInClear(project)
        self._was: set[str] = set()
        self._ended: dict[str, int] = {}
        """By segment or task, as the audit names them: when keeper had ended its mapping."""
        self._latest = 0
        self._found: list[tuple[int, Finding]] = []
        """With the time from which on everything must be there that it rests on."""

    def add(self, event: AuditEvent) -> None:
        """Take the next event."""
        self._latest = max(self._latest, event.time)
        if event.process == self._keeper and event.type in _ENDS:
            self._ended.setdefault(event.resource, event.time)
        elif event.process == self._opener:
            self._of_opener(event)

    @property
    def lying(self) -> int:
        """How many texts lie in clear."""
        return len(self._texts)

    def findings(self, now: int = 0, since: int = 0) -> list[Finding]:
        """What was done wrong, and what lies there although its mapping has ended. `now` in milliseconds, of who
        asks; it counts where it is later than the latest event. `since`: from when on every event is there.
        """
        found = [finding for rests_on, finding in self._found if is_whole(rests_on, since)]
        return [*found, *self._forgotten(max(self._latest, now) - GRACE_MS, since)]

    def _of_opener(self, event: AuditEvent) -> None:
        tasks = task_ids(event)
        for task in self._texts.add(event):
            self._find(FindingKind.NOT_OPENED, event, f"task {task} is taken back and was not there", TASK_LIFE_MS)
        if event.type is EventType.TEXTS_OPENING:
            self._announced.update(tasks)
        elif event.type is EventType.TEXTS_OPENED:
            if event.outcome == "success":
                self._opened(event, tasks)
            self._announced.difference_update(tasks)

    def _opened(self, event: AuditEvent, tasks: tuple[str, ...]) -> None:
        for task in tasks:
            if task not in self._announced:
                self._find(FindingKind.NOT_ANNOUNCED, event, f"task {task} was opened before that was said")
            if task in self._was:
                self._find(FindingKind.OPENED_TWICE, event, f"task {task} was laid out before", -FOREVER_MS)
            self._was.add(task)

    def _forgotten(self, until: int, since: int) -> Iterator[Finding]:
        for task, segment in self._texts.by_task():
            named = (segment_resource(segment), task_resource(task))
            ends = [self._ended[it] for it in named if it in self._ended]
            if ends and min(ends) <= until and is_whole(min(ends), since):
                text = "its text lies in clear although its mapping has ended more than an hour before"
                yield Finding(FindingKind.STILL_OPEN, task_resource(task), text)

    def _find(self, kind: FindingKind, event: AuditEvent, text: str, reach: int = 0) -> None:
        """`reach`: how much older the event may be that should have come before."""
        self._found.append((event.time - reach, Finding(kind, event.event_id, text)))
