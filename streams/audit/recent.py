"""What is so recent that the rest of it may not be here yet: it is counted, and blamed once it is older. Pure.

Honest processes cause two such things. Whoever reads a partition up to a moment may have the first records of a
transaction without its last one, which bears the signature. And partitions are read, and sealed, each up to a
moment of its own: a verdict may be here, and the label that it rests on, on another partition, not.
"""

from __future__ import annotations

from dataclasses import dataclass

GRACE_MS = 60_000
"""Four transaction time-outs (15 s): one for a transaction that is written, one for one of another process that is
open before it on a partition and holds its readers up; the sealer's round, and clocks that differ, in the rest.
"""


@dataclass(frozen=True, slots=True)
class Recent:
    """Times of events, in milliseconds, from `since` up to and with `until`."""

    since: int
    until: int

    def __contains__(self, time: int) -> bool:
        return self.since <= time <= self.until


NOTHING = Recent(0, -1)
"""The log is over, or asked about as if it were."""


def recent(newest: int, now: int) -> Recent:
    """As of `newest`, the time of the newest signed event, or, where a log is read as it is, of who reads it.
    `now`: of who verifies. What claims to be later is blamed like what is old; a signed event that does leaves
    nothing recent, as does a clock of the verifier's that is behind.
    """
    return Recent(newest - GRACE_MS, now + GRACE_MS)
