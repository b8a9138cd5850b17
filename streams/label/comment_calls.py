"""What the API does for comments: the key is used, in a thread, once the event that says so is committed.

A text is sealed for redact in the thread that opens the task; the loop gets it sealed. A process that stands by
passes the call on as it came.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from schemas.errors import VeilError
from schemas.records import Task
from schemas.states import CommentState
from streams.engine.clock import Clock
from streams.label import forms, problems
from streams.label.commands import Commented, Draft, Grant, Held, Lead, ListThreads, ReadComments, WriteComment
from streams.label.comment_sealing import comment_id
from streams.label.comments import Thread
from streams.label.opening import Opener, Unreadable

T = TypeVar("T")
Ask = Callable[[object], Awaitable[object]]
"""A command's answer after the commit. Raises Problem."""


class CommentKeys(Protocol):
    """Seals and opens by the task's key (`comment_sealing.CommentSealer`)."""

    def draft(self, task: Task, name: str, text: str, now: int) -> Draft: ...
    def texts(self, task: Task, comments: Sequence[CommentState]) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class CommentCalls:
    """Reads and writes comments for who may. All calls raise Problem."""

    project: str
    ask: Ask
    opener: Opener
    keys: CommentKeys
    clock: Clock

    async def read(self, by: Held | Lead, grant: Grant) -> forms.CommentsView:
        """What they are told of the comments on a task."""
        found = cast("Commented", await self.ask(ReadComments(by, grant)))
        return await self._view(by.person, found)

    async def write(self, by: Held | Lead, grant: Grant, key: str, text: str) -> forms.CommentsView:
        """One more comment, and all that they are told of. `key` names it."""
        found = cast("Commented", await self.ask(ReadComments(by, grant, writes=True)))
        name = comment_id(self.project, found.task.task_id, by.person, key)
        draft = await self._opened(lambda task: self.keys.draft(task, name, text, self.clock.now()), found.task)
        written = cast("CommentState", await self.ask(WriteComment(by, draft, grant)))
        others = (it for it in found.comments if it.comment_id != written.comment_id)
        return await self._view(by.person, Commented(found.task, (*others, written)))

    async def threads(self, person: str, batch: str) -> forms.ThreadsView:
        """Which tasks have comments; of one batch, where they are bound to it."""
        return forms.threads_view(cast("list[Thread]", await self.ask(ListThreads(person, batch))))

    async def _view(self, person: str, found: Commented) -> forms.CommentsView:
        texts: Mapping[str, str] = {}
        if any(it.sealed for it in found.comments):
            texts = await self._opened(lambda task: self.keys.texts(task, found.comments), found.task)
        return forms.comments_view(person, found.task.task_id, found.comments, texts)

    async def _opened(self, opening: Callable[[Task], T], task: Task) -> T:
        try:
            return await self.opener.opened(opening, task)
        except Unreadable as error:
            raise problems.gone(error.reason) from None
        except VeilError as error:
            raise problems.of_error(error) from None
