"""The loop of what only reads and tells (watch, the matcher): topics in, findings and state out, in transactions.

1. fence every earlier incarnation (its `transactional.id`), so that nobody writes beside us
2. take over the state that was committed last, read on from where it says
3. for ever: take what comes, ask where partitions end, fold what is final, commit what came of it

A partition in which nothing happens counts as seen up to a moment if everything before the end that it had after
that moment was read, open transactions included: what comes later was appended later. There is one way back: after
any setback all memory is thrown away, and it begins at 1. What it tells has to follow from the log alone, and
repeats under the same key where it is told again. Why not Faust: streams/watch/decisions/0001.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import Abortable, CommitInDoubt, DependencyError
from streams.engine.clock import Clock
from streams.engine.health import Condition, Health
from streams.engine.log import Follower, Log, Ownership, Session, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition

SKEW_MS = 5_000
"""How far the broker's clock may be behind ours: by so much less than now is a partition seen to its end."""
BATCH = 1_000
"""Records taken at once: a quarter of a second's work."""
POLL_S = 0.5
ASK_MS, PATIENCE_MS = 1_000, 5_000
"""How often is asked where partitions end, if not said: where all came to the last answer, and where some are far
behind it.
"""
BACK_OFF_S = 1.0
"""After a setback; a restarted broker is back in 2–4 s."""


class Folding(Protocol):
    """What is told of the log, by one thread. It knows of no client."""

    @property
    def state_topic(self) -> str:
        """Where it keeps what it knows."""
        ...

    def restore(self, messages: Iterable[Message]) -> None:
        """Take over what was written last, from all of the state topic."""
        ...

    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset that comes next, of every partition that is read."""
        ...

    def take(self, message: Message) -> None:
        """Take the next record of a partition; one that was taken before changes nothing."""
        ...

    def seen_to_the_end(self, place: TopicPartition, time: int) -> None:
        """Nothing was appended to it before `time` that was not taken."""
        ...

    def due(self, now: int) -> Iterator[Iterable[Outgoing]]:
        """What is to be written, a transaction each. The next is asked for when the one before is committed."""
        ...


@dataclass(frozen=True, slots=True)
class FoldSeams:
    """What the loop needs from the outside. `fresh`: one that has read nothing yet; `ask_ms`: how often is asked
    where partitions end.
    """

    log: Log
    clock: Clock
    health: Health
    fresh: Callable[[], Folding]
    ask_ms: int = ASK_MS


class FoldLoop:
    """One process. `group` is its identity; `slot` its transactional id."""

    def __init__(self, group: str, slot: str, seams: FoldSeams) -> None:
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
        folding = self._seams.fresh()
        folding.restore(self._seams.log.read(folding.state_topic))
        positions = folding.positions()
        topics = sorted({it.topic for it in positions})
        with closing(self._seams.log.follow(topics, positions)) as follower:
            ends = _Ends(follower, self._seams.clock, self._seams.ask_ms)
            while not stop.is_set():
                self.round(folding, follower, ends, session)
                self._seams.health.set(Condition.WORKING)

    def round(self, folding: Folding, follower: Follower, ends: _Ends, session: Session) -> None:
        """Take a batch, fold what is final by it, commit that."""
        ends.ask()
        for message in follower.poll(BATCH, POLL_S):
            folding.take(message)
        for place in ends.passed():
            folding.seen_to_the_end(place, ends.time)
        for records in folding.due(self._seams.clock.now()):
            _commit(session, records)


class _Ends:
    """Where partitions ended at a moment; asked again once all have come so far."""

    def __init__(self, follower: Follower, clock: Clock, ask_ms: int = ASK_MS) -> None:
        self._follower = follower
        self._clock = clock
        self._ask_ms = ask_ms
        self._ends: dict[TopicPartition, int] = {}
        self.time = 0
        """Everything appended before it lies before the ends."""

    def ask(self) -> None:
        """Ask the broker; more seldom while what it said is still waited upon."""
        now = self._clock.now() - SKEW_MS
        if now - self.time >= (max(PATIENCE_MS, self._ask_ms) if self._ends else self._ask_ms):
            self.time = now
            self._ends = dict(self._follower.ends())

    def passed(self) -> list[TopicPartition]:
        """The partitions of which everything before the end was read since the last call."""
        found = [it for it, end in self._ends.items() if self._follower.passed({it: end})]
        for place in found:
            del self._ends[place]
        return found


def _commit(session: Session, records: Iterable[Outgoing]) -> None:
    written = list(records)
    if not written:
        return
    session.begin()
    for record in written:
        session.produce(record)
    session.commit()
