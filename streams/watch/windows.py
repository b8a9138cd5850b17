"""Which minute an event counts for, and when a minute is final. Pure, and a function of the log alone.

An event's time is its process's own. The log says when it was appended (LogAppendTime), which no process chooses.
The time of a partition is the latest append so far; an event counts for its own time, but not for one later than
that, nor for one more than `lateness_ms` before it. So an event that a process held back, or dated wrongly, is
counted once, in a minute that is still open: what minute that is depends on its partition up to there, and on
nothing else.

A minute is final once the time of every partition has passed its end by the lateness: what comes later can't
count for it. A partition in which nothing happens has no time of its own; its reader says up to when it has seen
the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.audit import AuditEvent


@dataclass(frozen=True, slots=True)
class Windows:
    """`step_ms`: the short window. `steps`: how many of them are the long one. Both begin at multiples since
    1970.
    """

    step_ms: int = 60_000
    steps: int = 60
    lateness_ms: int = 30_000
    """A transaction is over after 15 s at most (DESIGN §4); twice that, for clocks that differ."""

    @property
    def long_ms(self) -> int:
        """The length of the long window."""
        return self.step_ms * self.steps

    def step(self, time: int) -> int:
        """The number of the short window that holds a time."""
        return time // self.step_ms

    def since(self, step: int) -> int:
        """Where a short window begins."""
        return step * self.step_ms

    def until(self, step: int) -> int:
        """Where it ends."""
        return (step + 1) * self.step_ms

    def ends_a_long_one(self, step: int) -> bool:
        """Whether it is the last short window of a long one."""
        return (step + 1) % self.steps == 0

    def counts_at(self, event_time: int, partition_time: int) -> int:
        """The time for which an event counts, in a partition that has come to `partition_time` with it."""
        return min(max(event_time, partition_time - self.lateness_ms), partition_time)

    def final_before(self, partition_time: int) -> int:
        """The first short window that is not final, where every partition has come to `partition_time`."""
        return self.step(partition_time - self.lateness_ms)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An audit event where it lies in the log of a project, and when it was appended, in milliseconds."""

    partition: int
    offset: int
    appended: int
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class Timed:
    """An arrival with the time it counts for. Order: time, then place; a total one."""

    time: int
    arrival: Arrival

    @property
    def order(self) -> tuple[int, int, int]:
        """By what events of a window are put in order, whoever reads them and when."""
        return self.time, self.arrival.partition, self.arrival.offset
