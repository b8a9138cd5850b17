"""From records of the log to records for the log: every project's book, kept up and carried over a restart.

The platform's audit has a book of its own, of which alerts alone are told: what happens there is no project's.

It knows of no client: `engine.folding` reads and writes. What a crash after each step does:

1. a record is taken: it is read again after the restart, from where the last state says
2. windows are folded: they are folded again, to the same
3. metrics and alerts are written, in one transaction, now and then with the state: what was written without it is
   written again, with the same keys and values; what came before the state is not read again
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from schemas.audit import AuditEvent
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.states import WatchState
from streams.engine.generations import chunked, latest
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.watch import gauges
from streams.watch.book import Book, Final
from streams.watch.rules import Rule
from streams.watch.snapshot import restored, to_bytes
from streams.watch.windows import Arrival, Windows
from topology.identity import PLATFORM

STATE_TOPIC = "watch-state"
STATE_EVERY_MS = 10_000
"""At most so much is read again after a crash, beside what waits for its window."""


@dataclass(slots=True)
class _Project:
    book: Book
    partitions: int
    generation: int = 0
    state_at: int = 0
    ahead: dict[int, int] = field(default_factory=dict)
    """By partition up to when its end was seen, where nothing came."""

    def times(self) -> Mapping[int, int]:
        return {at: max(self.book.time(at), self.ahead.get(at, 0)) for at in range(self.partitions)}


class Watching:
    """`partitions`: how many the audit of each project has. Implements `streams.engine.folding.Folding`."""

    state_topic = STATE_TOPIC

    def __init__(
        self,
        partitions: Mapping[str, int],
        rules: Sequence[Rule],
        windows: Windows,
        codec: Codec,
        state_every_ms: int = STATE_EVERY_MS,
    ) -> None:
        self._rules = rules
        self._windows = windows
        self._codec = codec
        self._state_every_ms = state_every_ms
        places = {**partitions, PLATFORM: 1}
        self._projects = {
            name: _Project(Book(name, rules, windows), count) for name, count in sorted(places.items())
        }
        self.unreadable = 0
        """Records that are no audit event."""

    def restore(self, messages: Iterable[Message]) -> None:
        """Take over what was written last, from all of `watch-state`."""
        states = (self._codec.decode(it.value, WatchState) for it in messages if it.value is not None)
        for name, (generation, data) in latest(states).items():
            project = self._projects.get(name)
            if project is not None:
                project.generation = generation
                project.book = restored(data, name, self._rules, self._windows)

    def positions(self) -> Mapping[TopicPartition, int]:
        """The offset that comes next, of every partition."""
        return {
            TopicPartition(_topic(name), at): reading.next if (reading := project.book.readings.get(at)) else 0
            for name, project in self._projects.items()
            for at in range(project.partitions)
        }

    def take(self, message: Message) -> None:
        """Take the next record of a partition; one that was taken before changes nothing."""
        book = self._projects[message.topic.partition(".")[2]].book
        try:
            event = self._codec.decode(message.value, AuditEvent)
        except Undecodable:
            self.unreadable += book.pass_over(message.partition, message.offset, message.timestamp)
            return
        book.take(Arrival(message.partition, message.offset, message.timestamp, event))

    def seen_to_the_end(self, place: TopicPartition, time: int) -> None:
        """Nothing was appended to it before `time` that was not taken."""
        ahead = self._projects[place.topic.partition(".")[2]].ahead
        ahead[place.partition] = max(ahead.get(place.partition, 0), time)

    def due(self, now: int) -> Iterator[tuple[Outgoing, ...]]:
        """Fold what is final, project by project, and say what is to be written of it."""
        for name, project in self._projects.items():
            finals = [_told(final, name) for final in project.book.advance(project.times())]
            if finals:
                yield (*self._results(name, finals), *self._state(name, project, now))
                gauges.show(metric for final in finals for metric in final.metrics)
            gauges.FINAL.labels(name).set(project.book.final_until / 1000)
        gauges.UNREADABLE.set(self.unreadable)

    def _results(self, project: str, finals: Iterable[Final]) -> Iterator[Outgoing]:
        for final in finals:
            for metric in final.metrics:
                yield Outgoing(f"metrics.{project}", metric.key.encode(), self._codec.encode(metric))
            for alert in final.alerts:
                yield Outgoing(f"alerts.{project}", alert.alert_id.encode(), self._codec.encode(alert))

    def _state(self, name: str, project: _Project, now: int) -> Iterator[Outgoing]:
        if now - project.state_at < self._state_every_ms:
            return
        project.state_at, project.generation = now, project.generation + 1
        for chunk in chunked(to_bytes(project.book), name, project.generation):
            yield Outgoing(STATE_TOPIC, chunk.key.encode(), self._codec.encode(chunk))


def _told(final: Final, place: str) -> Final:
    """What of a window is published: of the platform there are no metrics."""
    return replace(final, metrics=()) if place == PLATFORM else final


def _topic(project: str) -> str:
    return f"audit.{project}"
