"""When to stop waiting for a record that a log should hold and doesn't. Pure but for the clock it is given.

A log may be behind for a moment: its broker has just begun to lead, or is being restored. Or the record is lost,
and whoever waits for it would hold up all the others for good. So each is awaited for a while, from when it was
missed first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

PATIENCE_S = 60.0
"""An election takes seconds, a restart less than a minute."""
REMEMBERED = 10_000
"""Places. Whoever misses more waits for the oldest once more."""


class Missing:
    """Not thread-safe. `monotonic`: seconds."""

    def __init__(self, monotonic: Callable[[], float], patience_s: float = PATIENCE_S) -> None:
        self._monotonic = monotonic
        self._patience_s = patience_s
        self._since: OrderedDict[Hashable, float] = OrderedDict()

    def for_good(self, place: Hashable) -> bool:
        """A place is missing: whether it has been awaited long enough."""
        now = self._monotonic()
        since = self._since.setdefault(place, now)
        if len(self._since) > REMEMBERED:
            self._since.popitem(last=False)
        return now - since >= self._patience_s

    def found(self, place: Hashable) -> None:
        """A place is there: if it was missing, the log has only been behind."""
        self._since.pop(place, None)
