"""Watch's loop: the audit of every project in, metrics, alerts and state out, in transactions.

1. fence every earlier incarnation (its `transactional.id`), so that nobody writes beside us
2. take over the state that was committed last, read on from where it says
3. for ever: take what comes, ask where partitions end, fold what is final, commit what came of it

A partition in which nothing happens counts as seen up to a moment if everything before the end that it had after
that moment was read, open transactions included: what comes later was appended later. There is one way back: after
any setback all memory is thrown away, and it begins at 1. Why not Faust: decisions/0001.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from schemas.errors import Abortable, CommitInDoubt, DependencyError
from streams.engine.clock import Clock
from streams.engine.health import Condition, Health
from streams.engine.log import Follower, Log, Ownership, Session, SessionSpec
from streams.engine.messages import TopicPartition
from streams.watch import gauges
from streams.watch.watching import STATE_TOPIC, Due, Watching

SKEW_MS = 5_000
"""How far the broker's clock may be behind ours: by so much less than now is a partition seen to its end."""
BATCH = 1_000
"""Records taken at once: a quarter of a second's work."""
POLL_S = 0.5
ASK_MS, PATIENCE_MS = 1_000, 5_000
"""How often is asked where partitions end: where all came to the last answer, and where some are far behind it."""
BACK_OFF_S = 1.0
"""After a setback; a restarted broker is back in 2–4 s."""


@dataclass(frozen=True, slots=True)
class WatchSeams:
    """What watch needs from the outside. `fresh`: books of which nothing was read yet."""

    log: Log
    clock: Clock
    health: Health
    fresh: Callable[[], Watching]


class WatchLoop:
    """One process. `group` is its identity; `slot` its transactional id."""

    def __init__(self, group: str, slot: str, seams: WatchSeams) -> None:
        self._spec = SessionSpec(slot, group, (), Ownership.WHOLE)
        self._seams = seams

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. Raises Fenced and AccessDenied; what passes is waited for."""
        health = self._seams.health
        try:
            while not stop.is_set():
                try:
                    with closing(self._seams.log.open(self._spec)) as session:
                        self._live(session, stop)
                except (DependencyError, Abortable, CommitInDoubt) as error:
                    health.set(Condition.WAITING, str(error))
                    stop.wait(BACK_OFF_S)
        finally:
            health.set(Condition.STOPPED)

    def _live(self, session: Session, stop: threading.Event) -> None:
        watching = self._seams.fresh()
        watching.restore(self._seams.log.read(STATE_TOPIC))
        positions = watching.positions()
        topics = sorted({it.topic for it in positions})
        with closing(self._seams.log.follow(topics, positions)) as follower:
            ends = _Ends(follower, self._seams.clock)
            while not stop.is_set():
                self.round(watching, follower, ends, session)
                self._seams.health.set(Condition.WORKING)

    def round(self, watching: Watching, follower: Follower, ends: _Ends, session: Session) -> None:
        """Take a batch, fold what is final by it, commit that."""
        ends.ask()
        for message in follower.poll(BATCH, POLL_S):
            watching.take(message)
        for place in ends.passed():
            watching.seen_to_the_end(place, ends.time)
        for due in watching.due(self._seams.clock.now()):
            _commit(session, due)
            gauges.show(due.metrics)
        gauges.UNREADABLE.set(watching.unreadable)


class _Ends:
    """Where partitions ended at a moment; asked again once all have come so far."""

    def __init__(self, follower: Follower, clock: Clock) -> None:
        self._follower = follower
        self._clock = clock
        self._ends: dict[TopicPartition, int] = {}
        self.time = 0
        """Everything appended before it lies before the ends."""

    def ask(self) -> None:
        """Ask the broker, once a second; seldom while what it said is still waited upon."""
        now = self._clock.now() - SKEW_MS
        if now - self.time >= (PATIENCE_MS if self._ends else ASK_MS):
            self.time = now
            self._ends = dict(self._follower.ends())

    def passed(self) -> list[TopicPartition]:
        """The partitions of which everything before the end was read since the last call."""
        found = [it for it, end in self._ends.items() if self._follower.passed({it: end})]
        for place in found:
            del self._ends[place]
        return found


def _commit(session: Session, due: Due) -> None:
    if not due.records:
        return
    session.begin()
    for record in due.records:
        session.produce(record)
    session.commit()
