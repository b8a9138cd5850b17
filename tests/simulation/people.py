"""Annotators in the simulation: they lease, label, skip, comment, repeat themselves when nobody answers, and keep
notes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from schemas.errors import RecordError, VeilError
from schemas.records import LabelSpan, Task
from streams.engine.processor import Request
from streams.label.commands import (
    Commented,
    Draft,
    Ended,
    EndSession,
    Heartbeat,
    Held,
    Lead,
    Leased,
    LeaseTask,
    ListThreads,
    ReadComments,
    Result,
    Skip,
    SkipReason,
    StartSession,
    Submit,
    Terms,
    WriteComment,
)

Drafting = Callable[[Task, str], Draft]
"""What a person writes about a task, sealed as the API seals it. Raises RecordError where it opens no more."""
_OF_COMMENTS = (ListThreads, ReadComments, WriteComment)


@dataclass(slots=True)
class Person:
    """What one annotator knows: the lease in hand, the call that was not answered yet, what was answered."""

    name: str
    random: Random
    lease: Leased | None = None
    pending: Any = None
    views: list[tuple[str, str]] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    session: str | None = None
    sessions: int = 0
    idle: int = 0
    drafting: Drafting | None = None
    leads: bool = False
    about: Held | Lead | None = None
    """As whom they are about to write, once they have been told of the comments on a task."""
    draft: Draft | None = None
    told: list[str] = field(default_factory=list)
    """The tasks of whose comments they were told."""
    wrote: list[str] = field(default_factory=list)

    def ask(self, waiting: list[Request[Any]]) -> None:
        """Send the next call; one that nobody can answer any more is sent again in the same words."""
        if any(request.command is self.pending for request in waiting):
            return
        if self.pending is None:
            self.pending = self._next()
        command = self.pending
        waiting.append(Request(command, lambda answer: self._answered(command, answer)))

    def _next(self) -> object:
        if self.random.random() < 0.06:
            return self._come_or_go()
        if self.about is not None:
            draft = self.draft
            return ReadComments(self.about, writes=True) if draft is None else WriteComment(self.about, draft)
        if self.leads and self.random.random() < 0.2:
            return ListThreads(self.name)
        if self.lease is None:
            return LeaseTask(self.name, Terms(reserve=self.random.random() < 0.5))
        return self._at_work(self.lease)

    def _at_work(self, leased: Leased) -> object:
        held = Held(self.name, leased.lease.lease_id, leased.lease.fencing_token)
        chance = self.random.random()
        if chance < 0.05:
            return Skip(held, SkipReason.UNCLEAR)
        if chance < 0.15:
            return Heartbeat(held)
        if chance < 0.3 and self.drafting is not None:
            self.about = held
            return ReadComments(held, writes=True)
        shape = leased.task.fields[0]
        spans = (LabelSpan(shape.path, 0, 6, "REQUEST"),) if self.random.random() < 0.9 else ()
        digest = hashlib.sha256(held.lease_id.encode()).digest()
        then = Terms(reserve=True) if self.random.random() < 0.5 else None
        return Submit(held, Result(spans, {"tone": "neutral"}), digest, digest, then)

    def _come_or_go(self) -> object:
        """Begin a session, or end it (without giving back what is in hand: that has tests of its own)."""
        if self.session is not None:
            return EndSession(
                self.name, self.session, "signed_out", 0, releases=True, purpose="labeling", batch=""
            )
        self.sessions += 1
        return StartSession(self.name, f"{self.name}-{self.sessions}", 2, 1, "labeling", "")

    def _answered(self, command: object, answer: object) -> None:
        if command is not self.pending:
            return  # a late answer to a call that was repeated and answered since
        if isinstance(answer, VeilError) and not isinstance(answer, RecordError):
            return  # in doubt: ask again
        self.pending = None
        if isinstance(command, _OF_COMMENTS):
            self._talked(command, answer)
        elif isinstance(command, StartSession | EndSession):
            self.session = command.session_id if isinstance(command, StartSession) else None
        elif isinstance(answer, Leased):
            self._see(answer)
        elif isinstance(command, LeaseTask):
            self.idle += 1
        elif not isinstance(command, Heartbeat) or isinstance(answer, RecordError):
            if isinstance(command, Submit) and isinstance(answer, Ended):
                self.submitted.append(answer.task_id)
            self.lease = None
            if isinstance(answer, Ended) and answer.next is not None:
                self._see(answer.next)

    def _talked(self, command: object, answer: Any) -> None:
        """On to the next step of writing a comment, or no further: it was written, or is refused."""
        about, self.about, self.draft = self.about, None, None
        if isinstance(answer, RecordError):
            self.lease = None if isinstance(about, Held) else self.lease  # asked for again: it may be over
        elif isinstance(command, ListThreads):
            self.about = Lead(self.name, self.random.choice(answer).task_id) if answer else None
        elif isinstance(answer, Commented) and self.drafting is not None:
            self.told.append(answer.task.task_id)
            try:
                self.about, self.draft = about, self.drafting(answer.task, self.name)
            except RecordError:
                self.about = None
        else:
            self.wrote.append(answer.comment_id)

    def _see(self, leased: Leased) -> None:
        self.lease = leased
        self.views.append((leased.lease.task_id, leased.lease.lease_id))
        self.idle = 0
