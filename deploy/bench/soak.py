"""Records at a steady rate for as long as somebody has time; all processes at work, nobody labels."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

from deploy.bench.figures import Latency, Progress
from deploy.bench.ground import PROJECT, Ground
from deploy.bench.resources import disk_bytes, resident_bytes
from deploy.bench.steady import Soak, Window, waited
from deploy.bench.watch import Watch
from deploy.bench.workload import FIELD, texts
from deploy.compliance import compliance
from schemas.errors import VeilError

PER_SECOND = 500
"""A quarter of what one redact does on two cores: the parts and all other processes work, too."""
WARM = 500
WINDOWS = 12
SLICE_S = 0.2
"""Records are published so often, as many as are due."""


def measure(ground: Ground, records: int, per_second: float = PER_SECOND) -> Soak:
    """So many records. Raises StackError where they don't come, and what the publisher raises."""
    ground.begin_all()
    with closing(Watch(ground)) as watch:
        ground.publish(WARM)
        for _ in watch.batches(WARM, Counter()):
            pass
        begun = time.monotonic()
        with _publishing(ground, records, per_second) as published:
            windows = list(_windows(ground, watch, published, records))
        seconds = time.monotonic() - begun
    with compliance(ground.root) as seen:
        holds = seen.account(PROJECT).holds
    return Soak(records, records / seconds, windows, holds)


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
        sizes = resident_bytes(ground.pids())
        window = Window(done, Latency.of(waits), sizes, disk_bytes(ground.root))
        ground.report(f"{done:,} of {records:,}: p95 {window.latency.p95_ms:,.0f} ms")
        yield window


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
