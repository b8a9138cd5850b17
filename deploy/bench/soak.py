"""Records at a steady rate for as long as somebody has time; all processes at work, nobody labels.

Raw records are kept for half an hour and mappings for an hour, so that as much ends as begins, and nothing may
grow any more but what is kept for longer: tasks (a week) and the audit (a year).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

from deploy.bench.figures import Latency, Progress
from deploy.bench.ground import PROJECT, Ground, Kept
from deploy.bench.resources import disk_bytes, resident_bytes
from deploy.bench.steady import HOUR_S, Sizes, Soak, Window, waited
from deploy.bench.watch import Watch
from deploy.bench.workload import FIELD, texts
from deploy.compliance import compliance
from schemas.errors import VeilError
from streams.engine.clock import SystemClock

REDACT_PROCESSES = 2
MAPPING_HOURS, RAW_MS = 1, 1_800_000
KEPT = Kept(MAPPING_HOURS, {"raw": RAW_MS, "quarantine": RAW_MS})
"""An hour is the least that a policy can say."""
WARM = 500
WINDOWS = 12
SLICE_S = 0.2
"""Records are published so often, as many as are due."""


def measure(ground: Ground, records: int, per_second: float) -> Soak:
    """So many records, on a ground of KEPT. Raises StackError where none come, and what publishing raises."""
    ground.begin_all()
    with closing(Watch(ground)) as watch:
        ground.publish(WARM)
        for _ in watch.batches(WARM, Counter()):
            pass
        before, begun = _sizes(ground), time.monotonic()
        with _publishing(ground, records, per_second) as published:
            windows = list(_windows(ground, watch, published, records))
        seconds = time.monotonic() - begun
    with compliance(ground.root) as seen:
        holds = seen.account(PROJECT, SystemClock().now()).holds
    return Soak(records, records / seconds, MAPPING_HOURS * HOUR_S, before, windows, holds)


def _windows(ground: Ground, watch: Watch, published: _Published, records: int) -> Iterator[Window]:
    """Each when its records are through."""
    size, done = records // WINDOWS, 0
    for number in range(1, WINDOWS + 1):
        end = records if number == WINDOWS else number * size
        batches = [Progress(0.0, done)]  # what was before, so that counts are of all
        while done < end:
            for batch in watch.batches(1, Counter()):
                batches.append(batch)
                done += batch.records
            published.check()
        waits = waited(published.so_far(), batches)[1:]
        window = Window(done, Latency.of(waits), _sizes(ground))
        ground.report(f"{done:,} of {records:,}: p95 {window.latency.p95_ms:,.0f} ms")
        yield window


def _sizes(ground: Ground) -> Sizes:
    return Sizes(resident_bytes(ground.pids()), disk_bytes(ground.root))


class _Published:
    """How many records were given to the broker by when, and what went wrong."""

    def __init__(self) -> None:
        self.error: VeilError | None = None
        self._so_far: list[Progress] = []

    def add(self, total: int) -> None:
        self._so_far.append(Progress(time.time(), total))

    def so_far(self) -> list[Progress]:
        return list(self._so_far)

    def check(self) -> None:
        """Raise what ended the publishing."""
        if self.error is not None:
            raise self.error


@contextmanager
def _publishing(ground: Ground, records: int, per_second: float) -> Iterator[_Published]:
    """In a thread of its own, until all are published or the caller has enough."""
    published, stop = _Published(), threading.Event()

    def run() -> None:
        source, total, begun = texts(records), 0, time.monotonic()
        try:
            with ground.publisher() as publisher:
                while total < records and not stop.wait(SLICE_S):
                    due = min(records, int((time.monotonic() - begun) * per_second))
                    published.add(due)  # first, or a record would be through that nobody has published
                    for _ in range(due - total):
                        publisher.publish_json({FIELD: next(source)})
                    total = due
                publisher.flush()
        except VeilError as error:
            published.error = error

    thread = threading.Thread(target=run, name="bench-soak", daemon=True)
    thread.start()
    try:
        yield published
    finally:
        stop.set()
        thread.join()
