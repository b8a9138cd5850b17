"""Whether hours of records leave everything as it was: memory, latency, disk. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.bench.figures import Latency, Progress, Target

HOLDING = ("keeper", "watch")
"""Who keep in memory something of each task that waits; Vault does, too, since it maps its file."""
PARTS = ("kafka", "vault", "registry")
LATENCY_TARGET, DISK_TARGET = 1.5, 1.2
"""Last third ÷ the one before: of the p95, and of the bytes that a record adds."""
HELD_TARGET, FLAT_TARGET_MIB = 1_000.0, 16.0
"""Bytes that a waiting task takes in HOLDING; what any other process of ours may grow by."""
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen when so many `records` in all were through: how long those since the window before waited for
    their release, resident bytes by process, and bytes below the root as they lie on the disk.
    """

    records: int
    latency: Latency
    resident_bytes: Mapping[str, int]
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class Soak:
    """So many records at a steady rate. `windows` are of equal size, three at least; `reconciled`: whether the
    audit then said that each record became one thing.
    """

    records: int
    per_second: float
    windows: Sequence[Window]
    reconciled: bool

    def thirds(self) -> tuple[Window, Window, Window]:
        """The last window of each third. What is compared is after the first, when all is warm."""
        size = len(self.windows) // 3
        return self.windows[size - 1], self.windows[2 * size - 1], self.windows[-1]

    def grown_bytes(self) -> dict[str, float]:
        """By process, for each record since the first third."""
        first, _, last = self.thirds()
        records = last.records - first.records
        return {name: (size - first.resident_bytes[name]) / records for name, size in last.resident_bytes.items()}

    def targets(self) -> list[Target]:
        """What was promised of hours."""
        first, middle, last = self.thirds()
        grown, records = self.grown_bytes(), last.records - first.records
        held = sum(each for name, each in grown.items() if _role(name) in HOLDING)
        others = [each for name, each in grown.items() if _role(name) not in (*HOLDING, *PARTS)]
        before = (middle.disk_bytes - first.disk_bytes) / (middle.records - first.records)
        after = (last.disk_bytes - middle.disk_bytes) / (last.records - middle.records)
        return [
            Target("p95, last third ÷ the one before", _p95(self, 2) / _p95(self, 1), LATENCY_TARGET, False),
            Target("disk of a record, last third ÷ the one before", after / before, DISK_TARGET, False),
            Target("memory of keeper and watch, bytes a waiting task", held, HELD_TARGET, False),
            Target("any other process grew by, MiB", max(others) * records / MIB, FLAT_TARGET_MIB, False),
            Target("reconciled", float(self.reconciled), 1, True),
        ]


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


def _p95(soak: Soak, third: int) -> float:
    size = len(soak.windows) // 3
    times = sorted(it.latency.p95_ms for it in soak.windows[third * size : (third + 1) * size])
    return times[len(times) // 2]


def _role(process: str) -> str:
    return process.partition(".")[0]
