"""The comments on open tasks: who may write how many, what becomes of each. Pure: times are arguments.

1. A comment is seen by others once redact has said what of it may be; until then, and where nothing may, its
   writer alone is told that it is there. What was typed is in no state.
2. The same comment id from the same person, with the same words, is the same comment; with others it is refused.
3. Never more than `per_task` on one task (the last `for_leads` are for who leads), `of_all` on open tasks, and
   `per_hour` by one person within any hour, as far as the tasks are still open.
4. A comment ends with its task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import nsmallest

from schemas.errors import Reason, Refused
from schemas.records import Note, NoteOutcome
from schemas.states import CommentStanding, CommentState
from streams.label.hourly import Hourly, Later
from streams.label.queue import Store
from streams.label.settings import CommentLimits

_STANDINGS = {NoteOutcome.SHOWN: CommentStanding.SHOWN, NoteOutcome.REFUSED: CommentStanding.REFUSED}


@dataclass(frozen=True, slots=True)
class Thread:
    """The comments on a task, counted. `awaits`: the last of them was written by no lead."""

    task_id: str
    comments: int
    written_at: int
    awaits: bool


class Comments:
    """All of a project. Not thread-safe."""

    def __init__(self, store: Store[CommentState], limits: CommentLimits) -> None:
        self._store = store
        self._limits = limits
        self._of_task: dict[str, list[str]] = {}
        for comment_id, state in store.items():
            self._of_task.setdefault(state.task_id, []).append(comment_id)
        self._threads = {task_id: it for task_id in self._of_task if (it := self._thread(task_id)) is not None}
        self._hourly = Hourly((state.person, state.written_at) for _, state in store.items())

    def write(self, state: CommentState) -> bool:
        """Keep a comment; False where it is there already.

        Raises Refused (`idempotency_conflict`, `comments_used_up`), Later.
        """
        before = self._store.get(state.comment_id)
        if before is not None:
            if (before.person, before.digest) != (state.person, state.digest):
                raise Refused(Reason.IDEMPOTENCY_CONFLICT, "this Idempotency-Key was used for another comment")
            return False
        most = self._limits.per_task - (0 if state.lead else self._limits.for_leads)
        if len(self._of_task.get(state.task_id, [])) >= most:
            raise Refused(Reason.COMMENTS_USED_UP, "this task has as many comments as a task may have")
        if len(self._store) >= self._limits.of_all:
            raise Refused(Reason.COMMENTS_USED_UP, "the open tasks have as many comments as a project may have")
        wait_ms = self._hourly.wait_ms(state.person, self._limits.per_hour, state.written_at)
        if wait_ms:
            message = "you have written as many comments as one may in an hour"
            raise Later(Reason.TOO_MANY_COMMENTS, message, wait_ms)
        self._hourly.note(state.person, state.written_at)
        self._of_task.setdefault(state.task_id, []).append(state.comment_id)
        self._store.put(state.comment_id, state)
        return True

    def note(self, note: Note) -> None:
        """Take what redact has made of a comment; of one that has ended with its task nothing is kept."""
        state = self._store.get(note.comment_id)
        if state is not None and (state.task_id, state.standing) == (note.task_id, CommentStanding.WAITING):
            standing = _STANDINGS[note.outcome]
            self._store.put(
                note.comment_id, replace(state, standing=standing, reason=note.reason, sealed=note.sealed)
            )
            if (thread := self._thread(note.task_id)) is not None:
                self._threads[note.task_id] = thread

    def seen_by(self, person: str, task_id: str) -> tuple[CommentState, ...]:
        """The comments on a task that a person is told of, the oldest first."""
        found = [state for state in self._on(task_id) if _is_shown(state) or state.person == person]
        return tuple(sorted(found, key=lambda it: (it.written_at, it.comment_id)))

    def threads(self, sees: Callable[[str], bool]) -> list[Thread]:
        """Of each task with comments that others see, and of which this person `sees` any: the longest unanswered
        first, then the rest, `listed` at most.
        """
        found = (thread for task_id, thread in self._threads.items() if sees(task_id))
        return nsmallest(self._limits.listed, found, key=lambda it: (not it.awaits, it.written_at, it.task_id))

    def end(self, is_open: Callable[[str], bool]) -> None:
        """Forget the comments of every task that is no longer open."""
        for task_id in [task_id for task_id in self._of_task if not is_open(task_id)]:
            self._threads.pop(task_id, None)
            for comment_id in self._of_task.pop(task_id):
                self._store.remove(comment_id)

    def _on(self, task_id: str) -> list[CommentState]:
        states = (self._store.get(comment_id) for comment_id in self._of_task.get(task_id, ()))
        return [state for state in states if state is not None]

    def _thread(self, task_id: str) -> Thread | None:
        shown = [state for state in self._on(task_id) if _is_shown(state)]
        if not shown:
            return None
        last = max(shown, key=lambda it: (it.written_at, it.comment_id))
        return Thread(task_id, len(shown), last.written_at, awaits=not last.lead)


def _is_shown(state: CommentState) -> bool:
    return state.standing is CommentStanding.SHOWN
