"""Where the audit begins that is there: retention takes the beginning of each partition, not of all at once. Pure.

What stood in an expired beginning can't be missed: a slot may begin anywhere, and of a task that is older than the
last of these beginnings not all is there. All else holds as ever. A beginning that somebody has cut looks alike;
an export that was made before shows which it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.audit.findings import Finding, FindingKind
from topology.topics import MAX_SEGMENT_MS

TASK_LIFE_MS = 120 * 24 * 3_600_000
"""Between what began a task and the last event about it: its mapping ends after 30 days, and what then waits for
whoever reads it, does so for 90 (`flow.yaml`: labels, verdicts).
"""


def is_whole(time: int, since: int, reach: int = 0) -> bool:
    """Whether all that belongs to something of this time is there, where it may be `reach` older. `since`: from
    when on everything is there; 0 where nothing has expired.
    """
    return not since or time >= since + reach


class Beginnings:
    """Of the partitions of one project. `segment_ms`: as its audit is set. Kafka deletes whole segments, so what
    has expired anywhere is at most one of them younger than what is left elsewhere.
    """

    def __init__(self, segment_ms: int = MAX_SEGMENT_MS) -> None:
        self._segment_ms = segment_ms
        self._times: dict[str, int] = {}
        """Of the first event of each partition."""
        self._late: dict[str, str] = {}
        """What is gone of those whose beginning is."""

    def late(self, where: str, gone: str) -> None:
        """The beginning of this partition is not there. `gone`: what, in words."""
        self._late[where] = gone

    def is_late(self, where: str) -> bool:
        """Whether its beginning is not there."""
        return where in self._late

    def take(self, where: str, time: int) -> None:
        """The next event of a partition, and its time (ms)."""
        self._times.setdefault(where, time)

    @property
    def since(self) -> int:
        """From when on (ms) everything is there; 0 where nothing has expired."""
        if not self._late or not self._times:
            return 0
        beginnings = [time for where, time in self._times.items() if where in self._late]
        return max([*beginnings, min(self._times.values()) + self._segment_ms])

    def notes(self, unproven: Mapping[str, int]) -> tuple[Finding, ...]:
        """What can't be checked here. `unproven`: signed heads by slot, whose process key is certified in what is
        gone.
        """
        found = [Finding(FindingKind.EXPIRED, where, text) for where, text in sorted(self._late.items())]
        for slot, heads in sorted(unproven.items()):
            text = f"{heads:,} signed heads are of a process whose start has expired: not checkable here"
            found.append(Finding(FindingKind.EXPIRED, slot, text))
        return tuple(found)
