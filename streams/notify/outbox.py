"""What waits to be delivered, by endpoint: pure bookkeeping over messages; time and chance are arguments."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

from schemas.states import WebhookMessage
from streams.notify.posting import Outcome
from streams.notify.retrying import wait_ms
from streams.notify.settings import NotifySettings

BACKLOG = "backlog"
"""Why a message is parked that was never tried: too many wait."""
_NEVER_AGAIN = frozenset({Outcome.GONE})


@dataclass(frozen=True, slots=True)
class Parked:
    """A message given up, and why. It can be replayed."""

    message: WebhookMessage
    reason: str


class Outbox:
    """Messages of one endpoint. What it holds is in the stage's state too, which writes each change."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self._waiting: dict[str, WebhookMessage] = {}
        self._due: list[tuple[int, str]] = []
        self._away: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether another one would be parked."""
        return len(self._waiting) >= self._settings.waiting

    def put(self, message: WebhookMessage) -> None:
        """Have it delivered from `due_at` on. One that waits already is replaced, and not sent twice for it."""
        known = message.message_id in self._waiting
        self._waiting[message.message_id] = message
        if not known:
            heapq.heappush(self._due, (message.due_at, message.message_id))

    def due(self, now: int) -> Iterator[WebhookMessage]:
        """Those whose time has come, oldest first, as long as there is room in flight."""
        while self._due and self._due[0][0] <= now and len(self._away) < self._settings.in_flight:
            _, message_id = heapq.heappop(self._due)
            if message_id in self._waiting:  # else it was delivered by an attempt from before a setback
                self._away.add(message_id)
                yield self._waiting[message_id]

    def ended(
        self, message: WebhookMessage, outcome: Outcome, now: int, chance: float
    ) -> WebhookMessage | Parked | None:
        """What an attempt leads to: nothing more to do, the message with its next time, or that it is given up."""
        self._away.discard(message.message_id)
        attempts = message.attempts + 1
        if outcome is Outcome.DELIVERED:
            del self._waiting[message.message_id]
            return None
        if outcome in _NEVER_AGAIN or attempts >= self._settings.retry.attempts:
            del self._waiting[message.message_id]
            return Parked(message, outcome.value)
        later = replace(message, attempts=attempts, due_at=now + wait_ms(self._settings.retry, attempts, chance))
        self._waiting[message.message_id] = later
        heapq.heappush(self._due, (later.due_at, later.message_id))
        return later
