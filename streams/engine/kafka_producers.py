"""The transactional producers of a session, and whose turn it is (decisions/0004).

The broker answers a commit before it has written the transaction's markers. A record that the same producer sends
meanwhile waits 20 ms in the client, whatever `retry.backoff.ms` says. A sole owner has two producers and takes
them by turns: the markers of the one are written while the other works. Where partitions are shared there is one,
which waits: its batches are large, and milliseconds between them are nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from confluent_kafka import KafkaException, Producer

from streams.engine.log import Ownership, SessionSpec

MARKERS_S = 0.005
"""Writing markers takes 1–3 ms, on a busy machine longer. Of transactions of one producer that followed each other
at once 44 % took 20 ms more (median 14 ms, p95 43), with a pause of 4 ms 1 % (6 and 9 ms; 150 each, two cores at
load 6, 2026-11-26).
"""
SECOND = ".second"
"""What the other transactional id ends in: still one of the identity's, as its rights name them by prefix."""


def transactional_ids(spec: SessionSpec) -> tuple[str, ...]:
    """A sole owner's two; one where partitions are shared, or nothing is read: that is a single act."""
    first = spec.transactional_id
    return (first, first + SECOND) if spec.inputs and spec.ownership is Ownership.WHOLE else (first,)


class KafkaProducers:
    """Transactions one after the other, never two at once. Not thread-safe."""

    def __init__(self, spec: SessionSpec, make: Callable[[str], Producer]) -> None:
        self._all = [make(name) for name in transactional_ids(spec)]
        self._turn = 0
        self._ended_at = [0.0] * len(self._all)
        """When each one's last transaction was committed or aborted."""

    @property
    def current(self) -> Producer:
        """Whose transaction is open, or was the last."""
        return self._all[self._turn]

    def each(self) -> Iterator[Producer]:
        """Every one in turn, as `current`: to fence the earlier incarnations of all of them."""
        for turn in range(len(self._all)):
            self._turn = turn
            yield self.current

    def next(self) -> Producer:
        """The one to begin with, when its last markers are written."""
        self._turn = (self._turn + 1) % len(self._all)
        time.sleep(max(0.0, self._ended_at[self._turn] + MARKERS_S - time.monotonic()))
        return self.current

    def ended(self) -> None:
        """The transaction of the current one is over."""
        self._ended_at[self._turn] = time.monotonic()

    def close(self) -> None:
        """Let go of what was not sent; an open transaction is left to the next incarnation, which aborts it."""
        for producer in self._all:
            with contextlib.suppress(KafkaException):
                producer.purge()
                producer.flush(0)
