"""How often one slot may be handed a login. Pure: times come in, in seconds of one clock."""

from __future__ import annotations

from collections import deque

MOST = 10
"""An engine that starts again what ends at once pauses twice as long each time, up to a minute: ten starts take it
about two. Whoever has had its ten is answered again as the first of them grow old."""
WINDOW_S = 300.0
"""As long as what was handed over waits: so no more than `MOST` of a slot are good at a time."""


class Rate:
    """`MOST` within `WINDOW_S`. One thread at a time."""

    def __init__(self) -> None:
        self._handed: deque[float] = deque()
        self._told = False

    def allows(self, now: float) -> bool:
        """Whether one more may be handed."""
        while self._handed and now - self._handed[0] >= WINDOW_S:
            self._handed.popleft()
        return len(self._handed) < MOST

    def count(self, now: float) -> None:
        """One was handed."""
        self._handed.append(now)
        self._told = False

    def news(self) -> bool:
        """Whether it is the first time since then that this is asked: who is refused asks twice a second."""
        told, self._told = self._told, True
        return not told
