"""What one more redact process gives: records a second with 1, 2, 4 … of them, and the CPU that a record costs.

The processes have worked and wait when the records come. Counted is from when all lie on `raw` until most are
through, so that neither a start, nor who publishes, nor the one that is done last is in a figure. The broker, the
vault and the processes share the cores: where fewer are free than there are processes, the rate can't grow with
these, but what a record costs tells what each core still gives.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing

import psutil

from deploy.bench.ground import PROJECT, Ground
from deploy.bench.report import REDACT, Scaling, Step
from deploy.bench.resources import cpu_s
from deploy.bench.watch import Watch
from schemas.errors import StackError

MOST = 0.85
"""Of the records: with several processes one has nothing to do any more at the end."""
WARM = 500
"""Records a process before: each builds its detector when the first come."""
LEAST = 0.3
"""Of the records are counted, or the figure says too little."""
IDLE = "idle"


def steps(cores: int) -> Iterator[int]:
    """1, 2, 4 … processes, up to as many as there are cores, and two at least."""
    processes = 1
    while processes <= max(cores, 2):
        yield processes
        processes *= 2


def most() -> int:
    """How many redact processes this machine is tried with."""
    return list(steps(_cores()))[-1]


def measure(ground: Ground, records: int, repeats: int) -> Scaling:
    """`records` for each process, all steps by turns and again."""
    ground.end_all()
    found: list[Step] = []
    for _ in range(repeats):
        for processes in steps(_cores()):
            step = _step(ground, processes, records * processes)
            ground.report(f"{processes} redact: {step.records_per_s:,.0f} records/s")
            found.append(step)
    return Scaling(found)


def _cores() -> int:
    """Those that we may use; systems that don't say let us use all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _step(ground: Ground, processes: int, records: int) -> Step:
    for slot in range(processes):
        ground.begin(f"{REDACT}.{PROJECT}.{slot}")
    with closing(Watch(ground)) as watch:
        ground.publish(WARM * processes)
        deque(watch.batches(WARM * processes, Counter()), maxlen=0)
        ground.publish(records)
        step = _counted(ground, watch, processes, records)
    ground.end_all()
    return step


def _counted(ground: Ground, watch: Watch, processes: int, records: int) -> Step:
    before, begun = _taken(ground), time.time()
    covered = counted = 0
    for batch in watch.batches(records, Counter()):
        covered += batch.records
        counted += batch.records if batch.at >= begun else 0
        if covered >= MOST * records:
            break
    after, seconds = _taken(ground), time.time() - begun
    if counted < LEAST * records:
        raise StackError(f"{processes} redact were through {records:,} records before all were published.")
    spent = {name: after[name] - before[name] for name in before}
    busy = 1 - spent.pop(IDLE) / (seconds * (os.cpu_count() or 1))  # of all the machine's
    return Step(processes, counted / seconds, {name: s / counted * 1000 for name, s in spent.items()}, busy)


def _taken(ground: Ground) -> dict[str, float]:
    """CPU seconds so far: redact's together, each part's, and what all cores were idle."""
    taken = {REDACT: 0.0, IDLE: float(psutil.cpu_times().idle)}
    for name, pid in ground.pids().items():
        what = REDACT if name.startswith(f"{REDACT}.") else name
        taken[what] = taken.get(what, 0.0) + cpu_s(pid)
    return taken
