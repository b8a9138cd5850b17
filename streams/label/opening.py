"""Opening a leased task's content or hints: after the event that says so is committed, in threads of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from schemas.errors import Reason, RecordError, Refused, VaultUnavailable
from schemas.records import Task

T = TypeVar("T")
OpenContent = Callable[[Task], Mapping[str, str]]
"""Text by field path. Raises RecordError where it never will open, VaultUnavailable, AccessDenied."""

OpenHints = Callable[[Task], Mapping[str, str]]
"""What may be told, by placeholder. Raises likewise."""

_GONE = frozenset({Reason.WITHDRAWN, Reason.UNKNOWN_SEGMENT})
_IN_A_ROW = 3


class Unreadable(RecordError):
    """This task's content will never open."""


class Opener:
    """Opens contents for the API. Used from the event loop only."""

    def __init__(self, open_content: OpenContent, open_hints: OpenHints, threads: int, timeout_s: float) -> None:
        self._open_content = open_content
        self._open_hints = open_hints
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="label-open")
        self._timeout_s = timeout_s
        self._failed = 0

    def close(self) -> None:
        """Start no more openings."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def open(self, task: Task) -> dict[str, str]:
        """The fields of a task, checked against its shapes.

        Raises Unreadable (for good), VaultUnavailable (also when nothing opens any more: several failures in a
        row are blamed on a key or a right of ours, not on the tasks), AccessDenied.
        """

        def content(task: Task) -> Mapping[str, str]:
            fields = self._open_content(task)
            _check_shapes(task, fields)
            return fields

        return dict(await self.opened(content, task))

    async def open_hints(self, task: Task) -> dict[str, str]:
        """What may be told of the task's placeholders, to be shown one by one. Errors likewise."""
        return dict(await self.opened(self._open_hints, task))

    async def opened(self, opening: Callable[[Task], T], task: Task) -> T:
        """What `opening` makes of a task by its key, in a thread. Errors likewise."""
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._pool, opening, task)
            found = await asyncio.wait_for(future, self._timeout_s)
        except TimeoutError:
            raise VaultUnavailable("opening a task took too long") from None
        except RecordError as error:
            raise self._blame(error) from None
        self._failed = 0
        return found

    def _blame(self, error: RecordError) -> Exception:
        if error.reason in _GONE:
            return Unreadable(Reason.WITHDRAWN)
        self._failed += 1
        if self._failed >= _IN_A_ROW:
            return VaultUnavailable("no task opens any more")
        return Unreadable(error.reason)


def _check_shapes(task: Task, fields: Mapping[str, str]) -> None:
    """Spans are checked against the shapes, so the text must be what they describe."""
    if {shape.path: shape.length for shape in task.fields} != {path: len(text) for path, text in fields.items()}:
        raise Refused(Reason.GEOMETRY_MISMATCH, "the opened fields are not those the task describes")
