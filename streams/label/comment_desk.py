"""Carries out what people ask about comments: who may see which, what is committed before they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.audit import Event
from schemas.errors import Reason, Refused
from schemas.records import Comment, Task
from schemas.states import CommentState
from streams.label import events
from streams.label.askers import People
from streams.label.commands import Commented, Held, Lead, ListThreads, ReadComments, WriteComment
from streams.label.comments import Comments
from streams.label.queue import Queue, Store
from topology.switches import Excluded


@dataclass(frozen=True, slots=True)
class CommentDesk:
    """One call a command. `tasks`: those that are open. `gives`: nobody has stopped or paused the
    project; `people`: who leads, and what they are kept from; `is_paused`: whether a person is, by the project.

    Raises Refused; then nothing has changed.
    """

    queue: Queue
    tasks: Store[Task]
    comments: Comments
    gives: Callable[[], bool]
    people: People
    is_paused: Callable[[str], bool]

    def read(self, command: ReadComments, now: int) -> tuple[Commented, list[Event]]:
        """The comments on a task, still sealed, and what is committed before they are opened: nothing where none
        is, and the caller is not about to add one.
        """
        task = self._task(command.by, now)
        person = command.by.person
        found = Commented(task, self.comments.seen_by(person, task.task_id))
        opens = command.writes or any(state.sealed for state in found.comments)
        seen = [events.comments_viewed(found, command.by, command.grant)] if opens else []
        return found, seen

    def write(self, command: WriteComment, now: int) -> tuple[CommentState, list[Comment], list[Event]]:
        """The comment as it stands, its record for redact, its event; neither for one that is there already."""
        task, draft, person = self._task(command.by, now), command.draft, command.by.person
        if draft.task_id != task.task_id:
            raise Refused(Reason.STALE_TOKEN, "the comment is about another task")
        lead = self.people.adjudicates(person)
        state = CommentState(draft.comment_id, task.task_id, person, lead, draft.digest, now)
        if not self.comments.write(state):
            (known,) = (
                it for it in self.comments.seen_by(person, task.task_id) if it.comment_id == draft.comment_id
            )
            return known, [], []
        record = Comment(
            draft.comment_id, task.task_id, draft.wrapped_key, draft.context, draft.sealed, written_at=now
        )
        return state, [record], [events.comment_written(state, task, command)]

    def threads(self, command: ListThreads) -> list[object]:
        """Which tasks have comments; no comment is opened for it."""
        self._check_gives(command.person)
        self._check_leads(command.person)
        withheld = self.people.asker(command.person).withheld
        return list(self.comments.threads(lambda task_id: self._led(task_id, command.batch, withheld) is not None))

    def _task(self, by: Held | Lead, now: int) -> Task:
        """The task that a person may see the comments of now."""
        self._check_gives(by.person)
        if isinstance(by, Held):
            return self.queue.task_held(by, now)
        self._check_leads(by.person)
        task = self._led(by.task_id, by.batch, self.people.asker(by.person).withheld)
        if task is None:
            raise Refused(Reason.UNKNOWN_TASK, "no such task is open to you; comments go with their task")
        return task

    def _led(self, task_id: str, batch: str, withheld: Excluded) -> Task | None:
        """An open task, of the batch that its lead is bound to, and not withheld from them."""
        task = self.tasks.get(task_id)
        if task is None or withheld.covers(task_id, task.batch) or batch not in ("", task.batch):
            return None
        return task

    def _check_gives(self, person: str) -> None:
        if not self.gives():
            raise Refused(Reason.COMMENTS_STOPPED, "the project is stopped or paused; no comments for now")
        if self.is_paused(person):
            raise Refused(
                Reason.PERSON_PAUSED, "you see no comments for now; an operator of the project can say more"
            )

    def _check_leads(self, person: str) -> None:
        if not self.people.adjudicates(person):
            raise Refused(Reason.NOT_PERMITTED, "only who adjudicates sees comments without a lease")
