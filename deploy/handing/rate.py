"""How often somebody may have something, and one slot a login. Pure: times come in, in seconds of one clock."""

from __future__ import annotations

from collections import deque

MOST = 10
"""An engine that starts again what ends at once pauses twice as long each time, up to a minute: ten starts take it
about two. Whoever has had its ten is answered again as the first of them grow old."""
WINDOW_S = 300.0
"""As long as what was handed over waits: so no more than `MOST` of a slot are good at a time."""


class Rate:
    """`most` within `window_s`. One thread at a time."""

    def __init__(self, most: int = MOST, window_s: float = WINDOW_S) -> None:
        self._most, self._window_s = most, window_s
        self._handed: deque[float] = deque()
        self._told = False

    def allows(self, now: float) -> bool:
        """Whether one more may be handed."""
        while self._handed and now - self._handed[0] >= self._window_s:
            self._handed.popleft()
        return len(self._handed) < self._most

    def is_idle(self, now: float) -> bool:
        """Whether none was handed within its time."""
        return self.allows(now) and not self._handed

    def count(self, now: float) -> None:
        """One was handed."""
        self._handed.append(now)
        self._told = False

    def news(self) -> bool:
        """Whether it is the first time since then that this is asked: who is refused asks twice a second."""
        told, self._told = self._told, True
        return not told
