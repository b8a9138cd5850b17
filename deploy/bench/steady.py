"""Whether hours of records leave everything as it was: memory, latency, disk. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.bench.figures import Latency, Progress, Target

HOUR_S = 3_600.0
HOLDING = "keeper"
"""Who keeps in memory something of each task that waits; Vault does, too, since it maps its file."""
PARTS = ("kafka", "vault", "registry")
LATENCY_TARGET, DISK_TARGET = 1.5, 1.2
"""Last third ÷ the one before: of the p95, and of the bytes that a record adds while nothing ends yet."""
STAYS_TARGET = 600.0
"""Bytes that a record leaves on the disk where as many end as begin: its task, which is kept for a week, what the
audit and the state of stages say of it, and what compacted topics have not let go of yet.
"""
HELD_TARGET, FLAT_TARGET_MIB, HELD_FLAT_TARGET_MIB = 500.0, 16.0, 64.0
"""Bytes that a waiting task takes in HOLDING; what any other process of ours may grow by, and HOLDING in the last
third where as many tasks end as begin.
"""
LASTING = 2.0
"""So many times as long as a task is kept must it take: by then as many end as begin in all of the last third."""
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sizes:
    """Resident bytes by process, and bytes below the root as they lie on the disk."""

    resident_bytes: Mapping[str, int]
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen when so many `records` in all were through; `latency`: how long those since the window before
    had waited for their release.
    """

    records: int
    latency: Latency
    sizes: Sizes


@dataclass(frozen=True, slots=True)
class Soak:
    """So many records at a steady rate, of which each ends after `kept_s`. `before`: when all was warm; `windows`
    are of equal size, three at least; `reconciled`: whether the audit then said that each record became one thing.
    """

    records: int
    per_second: float
    kept_s: float
    before: Sizes
    windows: Sequence[Window]
    reconciled: bool

    def thirds(self) -> tuple[Window, Window, Window]:
        """The last window of each third. What is compared is after the first, when all is warm."""
        size = len(self.windows) // 3
        return self.windows[size - 1], self.windows[2 * size - 1], self.windows[-1]

    @property
    def lasting(self) -> bool:
        """Whether as many records ended as began in all of the last third."""
        return self.records / self.per_second >= LASTING * self.kept_s

    def targets(self) -> list[Target]:
        """What was promised of hours."""
        _, middle, last = self.thirds()
        waiting = min(self.records, self.per_second * self.kept_s)
        held = (_held(last.sizes) - _held(self.before)) / waiting
        grown = (_held(last.sizes) - _held(middle.sizes)) / MIB
        flat = Target("keeper grew in the last third by, MiB", grown, HELD_FLAT_TARGET_MIB, False)
        return [
            Target("p95, last third ÷ the one before", _p95(self, 2) / _p95(self, 1), LATENCY_TARGET, False),
            self._disk(),
            Target("memory of keeper, bytes a waiting task", held, HELD_TARGET, False),
            *([flat] if self.lasting else []),
            Target("any other process grew by, MiB", self._grown_mib(), FLAT_TARGET_MIB, False),
            Target("reconciled", float(self.reconciled), 1, True),
        ]

    def _disk(self) -> Target:
        first, middle, last = self.thirds()
        before, after = _left_bytes(first, middle), _left_bytes(middle, last)
        if self.lasting:
            return Target("disk, bytes that a record leaves", after, STAYS_TARGET, False)
        return Target("disk of a record, last third ÷ the one before", after / before, DISK_TARGET, False)

    def _grown_mib(self) -> float:
        """Of the process of ours that grew most since the first third, HOLDING left out."""
        first, _, last = self.thirds()
        before, after = first.sizes.resident_bytes, last.sizes.resident_bytes
        return max(after[name] - before[name] for name in after if _role(name) not in (HOLDING, *PARTS)) / MIB


def waited(published: Sequence[Progress], released: Sequence[Progress]) -> list[float]:
    """For each batch that was released how long its last record had waited; seconds, of one clock.

    `published`: how many there were in all by when, in order; `released`: batches as they came.
    """
    counts, found, done = [it.records for it in published], list[float](), 0
    for batch in sorted(released, key=lambda it: it.at):
        done += batch.records
        at = bisect_left(counts, done)
        if at < len(published):
            found.append(max(0.0, batch.at - published[at].at))
    return found


def _held(sizes: Sizes) -> int:
    return sum(size for name, size in sizes.resident_bytes.items() if _role(name) == HOLDING)


def _left_bytes(first: Window, last: Window) -> float:
    """What each record between them has left on the disk."""
    return (last.sizes.disk_bytes - first.sizes.disk_bytes) / (last.records - first.records)


def _p95(soak: Soak, third: int) -> float:
    size = len(soak.windows) // 3
    times = sorted(it.latency.p95_ms for it in soak.windows[third * size : (third + 1) * size])
    return times[len(times) // 2]


def _role(process: str) -> str:
    return process.partition(".")[0]
