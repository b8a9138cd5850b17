"""Calls that wait for a task (long-poll): who they are, and whose turn it is.

A call that got no task stands here and takes no place among the requests. After each round the stage wakes, in the
order they came, as many of those who could get one as there is room for; who was woken asks as anybody does. One
new task so wakes one person, and the others go on waiting. Who was woken and doesn't ask has left: at the next
look, at most a second later, it is another one's turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """One call. Its future gets True when it is worth asking again, False when waiting is over."""

    person: str
    batch: str
    turn: Future[bool]


class Waiters:
    """All calls that wait, one a person, the oldest first. Thread-safe; nothing here blocks."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}
        self._looked: object = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, person: str, batch: str) -> Waiting:
        """Stand at the end. A call of the same person that waits is over; so is this one where there is no
        place.
        """
        waiting = Waiting(person, batch, Future())
        with self._lock:
            before = self._waiting.pop(person, None)
            full = self._closed or len(self._waiting) >= self._limit
            if not full:
                self._waiting[person] = waiting
                self._looked = None
        for over in (before, waiting if full else None):
            _answer(over, again=False)
        return waiting

    def leave(self, waiting: Waiting) -> bool:
        """The caller waits no more. Whether it still did: who takes a call away here answers it, nobody else."""
        with self._lock:
            here = self._waiting.get(waiting.person) is waiting
            if here:
                del self._waiting[waiting.person]
            return here

    def look(self, state: object, could: Callable[[str, str], bool], room: int) -> None:
        """Wake the first `room` of those who `could` (person, batch) get a task. Nothing is done where neither
        `state`, which stands for all that this depends on, nor who waits has changed since.
        """
        with self._lock:
            if not self._waiting or state == self._looked:
                return
            self._looked = state
            waiting = list(self._waiting.values())
        for one in waiting:
            if room <= 0:
                return
            if could(one.person, one.batch):
                room -= 1
                self._wake(one, again=True)

    def end(self, person: str) -> None:
        """This person's waiting is over: their session has ended."""
        with self._lock:
            waiting = self._waiting.get(person)
        if waiting is not None:
            self._wake(waiting, again=False)

    def end_all(self) -> None:
        """Nobody gets a task for now."""
        with self._lock:
            everybody = list(self._waiting.values())
        for waiting in everybody:
            self._wake(waiting, again=False)

    def close(self) -> None:
        """As `end_all`, for good."""
        with self._lock:
            self._closed = True
        self.end_all()

    def _wake(self, waiting: Waiting, *, again: bool) -> None:
        if self.leave(waiting):
            _answer(waiting, again=again)


def _answer(waiting: Waiting | None, *, again: bool) -> None:
    """Unless the caller has given up."""
    if waiting is not None and waiting.turn.set_running_or_notify_cancel():
        waiting.turn.set_result(again)
