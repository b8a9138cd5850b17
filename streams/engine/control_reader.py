"""Follows `control` for one process: what is in force, what was refused, whether we still hear it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.audit import Decision, Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import Reason, Undecodable
from schemas.records import ControlState
from schemas.resources import Kind, Resource
from streams.engine.clock import Clock
from streams.engine.log import Follower
from streams.engine.messages import Message, TopicPartition
from topology.control import Applied, ControlBook

STALE_AFTER_S = 30.0
"""DESIGN invariant 4: whoever has not heard the end of `control` for so long releases nothing."""
ASK_EVERY_S = 5.0
"""How often the end is asked for: one small request; six chances before it counts as stale."""
POLL_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ControlNews:
    """What a poll brought: concerns with another state in force, and the events that say so."""

    changed: tuple[str, ...]
    events: tuple[Event, ...]


class ControlReader:
    """Feeds a `ControlBook` from the log. Not thread-safe; the book is read by the same thread.

    News are of `project`; of the kinds in `everywhere` they are of every project.
    """

    def __init__(
        self,
        follower: Follower,
        book: ControlBook,
        codec: Codec,
        clock: Clock,
        project: str,
        everywhere: AbstractSet[ControlKind] = frozenset(),
    ) -> None:
        self.book = book
        self._follower = follower
        self._codec = codec
        self._clock = clock
        self._project = project
        self._everywhere = everywhere
        self._waiting: deque[Message] = deque()
        """Read and not taken up yet: the registry may fail in between, and the follower never goes back."""
        self._changed: list[str] = []
        self._events: list[Event] = []
        self._heard: float | None = None
        """Up to which moment everything is taken up."""
        self._asked: float | None = None
        self._ends: Mapping[TopicPartition, int] | None = None
        """Where the log ended when it was asked last; None once that is taken up."""

    def poll(self, wait_s: float = 0) -> ControlNews:
        """Take up what is new; all that was not acknowledged yet. Waits up to `wait_s` where that is nothing.

        Raises LogUnavailable, RegistryUnavailable.
        """
        if not self._waiting:
            self._waiting.extend(self._follower.poll(POLL_LIMIT, 0 if self._events else wait_s))
        while self._waiting:
            self._take_up(self._waiting[0])
            self._waiting.popleft()
        return ControlNews(tuple(self._changed), tuple(self._events))

    def acknowledged(self) -> None:
        """The news of the last `poll` is committed: forget it."""
        self._changed.clear()
        self._events.clear()

    def fresh(self) -> bool:
        """Whether all that was on the log at some moment of the last 30 seconds is taken up. Asks for its end when
        it is time.

        Not whether nothing is left now: while a record comes every second, no look would find that. Behind the
        latest one a marker of its transaction is always left, which the client steps over up to a second later.
        """
        now = self._clock.monotonic()
        due = self._asked is None or now - self._asked >= ASK_EVERY_S
        if due or (self._heard is None and self._ends is None):
            self._asked, self._ends = now, None
            self._ends = self._follower.ends()
        if self._ends is not None and not self._waiting and self._follower.passed(self._ends):
            self._heard, self._ends = self._asked, None
        return self._heard is not None and now - self._heard <= STALE_AFTER_S

    def close(self) -> None:
        """Stop reading."""
        self._follower.close()

    def _take_up(self, message: Message) -> None:
        key = (message.key or b"").decode("utf-8", "replace")
        try:
            state = None if message.value is None else self._codec.decode(message.value, ControlState)
        except Undecodable as error:
            self._events.append(_refused(message, error.reason))
            return
        result = self.book.apply(key, state)
        if not isinstance(result, Applied):
            self._events.append(_refused(message, result.reason))
            return
        assert state is not None, "a tombstone is never applied"
        everywhere = result.kind in self._everywhere
        ours = [one for one in result.changed if everywhere or one.split("/")[1] == self._project]
        self._changed.extend(ours)
        self._events.extend(_applied(key, concern, state.version) for concern in ours)


def _applied(key: str, concern: str, version: int) -> Event:
    """The acknowledgement that others wait for on the audit topic."""
    details = {"key": key, "version": str(version)}
    return Event(EventType.CONTROL_APPLIED, str(Resource(Kind.CONTROL, concern)), details=details)


def _refused(message: Message, reason: Reason) -> Event:
    """Names the place, never the key: what is not signed may hold anything. When it was written: a stage that
    starts says again what it does not take, however old.
    """
    place = f"{message.topic}/{message.partition}/{message.offset}"
    return Event(
        EventType.CONTROL_REFUSED,
        str(Resource(Kind.MESSAGE, place)),
        outcome="refused",
        decision=Decision.DENY,
        reason=reason.value,
        details={"written": str(message.timestamp)},
    )
