"""All that watch knows of one project, and how it goes on: events in, final metrics and alerts out. Pure.

1. an event is taken with its place, and waits for its short window to be final (`windows`)
2. a window that is final is folded once: its events in one order, whoever read them and when
3. what was folded is published: the window's metric by policy, alerts, at the end of a long window that one's

So everything published follows from the log, however the reading of its partitions was interleaved, interrupted
or repeated: `recompute` does it again from nothing. What is folded is the state (`snapshot`); events that wait
are no part of it: after a restart they are read again, from `resumes` on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.alerts import Alert
from schemas.metrics import Figure, Metric
from streams.watch.ledger import Ledger
from streams.watch.rules import Rule
from streams.watch.suppression import Published
from streams.watch.suspicions import Suspicions
from streams.watch.tally import Tally
from streams.watch.windows import Arrival, Timed, Windows

NOTHING_YET = -1


@dataclass(frozen=True, slots=True)
class Final:
    """What came of a window that is final."""

    step: int
    metrics: tuple[Metric, ...]
    alerts: tuple[Alert, ...]


@dataclass(slots=True)
class Reading:
    """Of one partition: the offset that comes next, and its time (the latest append so far)."""

    next: int = 0
    time: int = 0


@dataclass(slots=True)
class Book:
    """One project's. `done`: the first short window that was not folded; `long_window`: tallies of the running
    one. `told`: up to when (ms) all that may be published was, by a book that can't be read any more; it is folded
    again, and not published again.
    """

    project: str
    rules: Sequence[Rule]
    windows: Windows = field(default_factory=Windows)
    done: int = NOTHING_YET
    told: int = 0
    readings: dict[int, Reading] = field(default_factory=dict)
    waiting: dict[int, list[Timed]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    suspicions: Suspicions = field(default_factory=Suspicions)
    long_window: dict[str, Tally] = field(default_factory=dict)
    published: Published = field(default_factory=Published)
    _unfolded: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """Per partition and step: the least offset that waits, and the partition's time before it."""

    def take(self, arrival: Arrival) -> bool:
        """Take an event. False for one that was taken before, or whose window is final already.

        Within a partition events come in order; what is repeated changes nothing.
        """
        before = self.time(arrival.partition)
        if not self.pass_over(arrival.partition, arrival.offset, arrival.appended):
            return False
        time = self.windows.counts_at(arrival.event.time, self.time(arrival.partition))
        step = self.windows.step(time)
        if step < self.done:
            return False
        self.waiting.setdefault(step, []).append(Timed(time, arrival))
        unfolded = self._unfolded.setdefault(arrival.partition, {})
        unfolded.setdefault(step, (arrival.offset, before))
        return True

    def pass_over(self, partition: int, offset: int, appended: int) -> bool:
        """Go past a record, which is no event or is taken by who calls. False for one that was passed before."""
        reading = self.readings.setdefault(partition, Reading())
        if offset < reading.next:
            return False
        reading.next, reading.time = offset + 1, max(reading.time, appended)
        return True

    def time(self, partition: int) -> int:
        """How far a partition has come: the latest append of what was taken."""
        reading = self.readings.get(partition)
        return reading.time if reading else 0

    def advance(self, times: Mapping[int, int]) -> Iterator[Final]:
        """Fold every window that is final when each partition has come to its time here (of all partitions)."""
        if not times:
            return
        first_open = self.windows.final_before(min(times.values()))
        while (step := self._next(first_open)) is not None:
            yield self._fold(step)
        self.done = max(self.done, first_open)

    @property
    def final_until(self) -> int:
        """Up to when all is folded, in milliseconds; 0 where nothing is."""
        return max(0, self.windows.since(self.done))

    def resumes(self) -> Mapping[int, Reading]:
        """From where each partition must be read again, after a restart with what is folded now."""
        found = {}
        for partition, reading in self.readings.items():
            waiting = self._unfolded.get(partition)
            found[partition] = Reading(*min(waiting.values())) if waiting else Reading(reading.next, reading.time)
        return found

    def _next(self, first_open: int) -> int | None:
        """The next window that has something to fold: events, or the end of a long window with some."""
        steps = [it for it in self.waiting if it < first_open]
        if self.long_window:
            steps.append(self._end_of_long(self.done))
        step = min(steps, default=first_open)
        return step if step < first_open else None

    def _end_of_long(self, step: int) -> int:
        return step - step % self.windows.steps + self.windows.steps - 1

    def _fold(self, step: int) -> Final:
        events = sorted(self.waiting.pop(step, []), key=lambda it: it.order)
        for waiting in self._unfolded.values():
            waiting.pop(step, None)
        tallies = self.ledger.count(events)
        alerts = self.suspicions.take(step, (it.arrival for it in events), self.rules, self.windows)
        metrics = list(self._publish(step, tallies))
        if self.windows.ends_a_long_one(step):
            metrics += self._publish_long(step)
        self.done = step + 1
        if self.windows.since(step) < self.told:
            return Final(step, (), ())
        return Final(step, tuple(metrics), tuple(alerts))

    def _publish(self, step: int, tallies: Mapping[str, Tally]) -> Iterator[Metric]:
        for policy, tally in sorted(tallies.items()):
            self.long_window.setdefault(policy, Tally()).add(tally)
            cells = self.published.short(policy, tally.cells)
            figures = tally.figures(self.published.short(policy, tally.rests(cells)))
            yield from self._metric(policy, self.windows.since(step), step, cells, figures)

    def _publish_long(self, step: int) -> Iterator[Metric]:
        since = self.windows.until(step) - self.windows.long_ms
        bounds = self.ledger.bounds()
        for policy, tally in sorted(self.long_window.items()):
            cells = self.published.long(policy, tally.cells, self.windows.steps)
            figures = tally.figures(self.published.long(policy, tally.rests(cells), self.windows.steps))
            if policy in bounds:
                figures[Figure.LEAK_BOUND.value] = bounds[policy]
            yield from self._metric(policy, since, step, cells, figures)
        self.long_window, self.published = {}, Published()

    def _metric(
        self, policy: str, since: int, step: int, cells: dict[str, int], figures: dict[str, float]
    ) -> Iterator[Metric]:
        """None where nothing may be said: that there was little and that there was nothing look alike."""
        if cells or figures:
            name = self.ledger.names.get(policy, "")
            yield Metric(self.project, policy, name, since, self.windows.until(step), cells, figures)
