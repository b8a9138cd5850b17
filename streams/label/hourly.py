"""How often a person has done something within the last hour. Pure: times are arguments."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from schemas.errors import Reason, Refused

HOUR_MS = 3_600_000


class Later(Refused):
    """So much was asked for within the hour that the next has to wait."""

    def __init__(self, reason: Reason, message: str, wait_ms: int) -> None:
        super().__init__(reason, message)
        self.wait_ms = wait_ms


class Hourly:
    """When each person did it. Not thread-safe."""

    def __init__(self, times: Iterable[tuple[str, int]]) -> None:
        self._times: defaultdict[str, deque[int]] = defaultdict(deque)
        for person, at in sorted(times, key=lambda it: it[1]):
            self.note(person, at)

    def wait_ms(self, person: str, most: int, now: int) -> int:
        """How long they have to wait until they may once more; 0: they may now."""
        times = self._times[person]
        while times and times[0] <= now - HOUR_MS:
            times.popleft()
        return times[len(times) - most] + HOUR_MS - now if len(times) >= most else 0

    def note(self, person: str, at: int) -> None:
        """Once more, not before any time that is noted already."""
        self._times[person].append(at)
