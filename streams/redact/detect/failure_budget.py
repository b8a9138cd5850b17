"""How much time failures of a user's recognizers may take from a stream.

A batch in which every text hangs would otherwise outlast the consumer's `max.poll.interval.ms` (300 s), be read
again by another and hang there too: one recognizer would block its partition for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schemas.errors import Reason, Refused

BUDGET_S = 60.0
"""With one try that exceeds it (a restart and a text, 65 s) and the slowest batch of rules (136 s) below 300 s."""
WINDOW_S = 300.0
"""No shorter than a poll may be apart, so that no batch meets the budget twice."""


class FailureBudget:
    """Seconds lost of late; at `BUDGET_S` within `WINDOW_S` all tries are refused until some are long past."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` in seconds, never going back."""
        self._clock = clock
        self._lost: deque[tuple[float, float]] = deque()

    @contextmanager
    def trying(self, *, counts: bool = False) -> Iterator[None]:
        """For one try. Raises `Refused(DETECTION_FAILED)` where the budget is spent.

        The time of a try that raises is lost; with `counts` that of any, such as one that starts a process anew.
        """
        if self._is_spent():
            raise Refused(Reason.DETECTION_FAILED)
        begun = self._clock()
        try:
            yield
        except BaseException:
            counts = True
            raise
        finally:
            if counts:
                self._lost.append((self._clock(), self._clock() - begun))

    def _is_spent(self) -> bool:
        long_past = self._clock() - WINDOW_S
        while self._lost and self._lost[0][0] <= long_past:
            self._lost.popleft()
        return sum(seconds for _, seconds in self._lost) >= BUDGET_S
