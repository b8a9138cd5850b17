"""Whether Vault's own log tells of everyone who must have been there; who is missing shows that it is cut. Pure.

Some events can't have come about without Vault: a start carries a signature by it, a checkpoint is one. Where the
log was read past such an event and has no line at all of that identity, somebody keeps lines from it. Told by the
minute. Of times before the first line that is known nothing is said: an older log may be gone rightly.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field

from streams.audit.covered import Covered

MINUTE_MS = 60_000
NEVER = 2**62


@dataclass(slots=True)
class Heard:
    """Whom Vault's log has to tell of, and of whom it tells. All of it is plain, to be kept."""

    window_ms: int
    since: int = NEVER
    """From when on Vault's log is known."""
    expected: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By identity the minutes in which it must have been there, in order."""
    lines: defaultdict[str, Covered] = field(default_factory=lambda: defaultdict(Covered))
    """By identity the minutes that a line of it explains."""
    judged: int = 0
    """Up to which minute all is said: an older event, of a project that was not read before, comes too late."""

    def expect(self, identity: str, time: int) -> None:
        """An event of this time took a request to Vault by this identity."""
        minute = time - time % MINUTE_MS
        if minute <= self.judged:
            return
        minutes = self.expected[identity]
        at = bisect_left(minutes, minute)
        if minutes[at : at + 1] != [minute]:
            insort(minutes, minute)

    def line(self, identity: str, time: int) -> None:
        """Vault's log has a line of it."""
        self.known_from(time)
        self.lines[identity].add(time - MINUTE_MS - self.window_ms, time + self.window_ms)

    def known_from(self, time: int) -> None:
        """Vault's log is there from this time on."""
        self.since = min(self.since, time)

    def missing(self, until: int) -> list[tuple[str, int]]:
        """Minute and identity of what must be on the log and is not; both sides were read up to `until`."""
        last = until - MINUTE_MS - self.window_ms
        self.judged = max(self.judged, last)
        found = []
        for identity, minutes in list(self.expected.items()):
            due = bisect_left(minutes, last + 1)
            found += [(identity, it) for it in minutes[:due] if not self._explained(identity, it)]
            del minutes[:due]
            if not minutes:
                del self.expected[identity]
        for identity in list(self.lines):
            if not self.lines[identity].forget(last):
                del self.lines[identity]
        return sorted(found, key=lambda it: (it[1], it[0]))

    def _explained(self, identity: str, minute: int) -> bool:
        return minute < self.since + self.window_ms or (
            identity in self.lines and self.lines[identity].holds(minute)
        )
