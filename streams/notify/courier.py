"""Delivers beside the loop: each endpoint has threads of its own, so that one that hangs holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue

import structlog

from schemas.states import WebhookMessage
from streams.notify.posting import Outcome

log = structlog.get_logger()

Deliver = Callable[[WebhookMessage], Outcome]
"""One attempt. Blocks for a bounded time, but for the look-up of a name; never raises."""


class Courier:
    """Messages in, outcomes out. `offer` and `outcomes` are called by the loop's thread; threads start at once."""

    def __init__(self, deliver: Mapping[str, Deliver], threads: int) -> None:
        self._queues: dict[str, SimpleQueue[WebhookMessage | None]] = {name: SimpleQueue() for name in deliver}
        self._outcomes: SimpleQueue[tuple[WebhookMessage, Outcome]] = SimpleQueue()
        self._threads = threads
        self._stopped = threading.Event()
        for name, attempt in deliver.items():
            for number in range(threads):
                threading.Thread(
                    target=self._work,
                    args=(name, attempt),
                    name=f"webhook-{name}-{number}",
                    daemon=True,
                ).start()

    def offer(self, message: WebhookMessage) -> None:
        """Have it delivered when it is its turn."""
        self._queues[message.endpoint].put(message)

    def outcomes(self) -> list[tuple[WebhookMessage, Outcome]]:
        """What has been attempted since the last call; never blocks."""
        return [self._outcomes.get() for _ in range(self._outcomes.qsize())]

    def stop(self) -> None:
        """No more attempts, also of what is queued; those under way end by themselves, nothing waits for them."""
        self._stopped.set()
        for queue in self._queues.values():
            for _ in range(self._threads):
                queue.put(None)

    def _work(self, name: str, attempt: Deliver) -> None:
        while (message := self._queues[name].get()) is not None and not self._stopped.is_set():
            self._outcomes.put((message, _attempted(message, attempt)))


def _attempted(message: WebhookMessage, attempt: Deliver) -> Outcome:
    try:
        return attempt(message)
    except Exception as error:  # noqa: BLE001 - else the thread ends and its endpoint is dead; a message could quote
        log.error("webhook_attempt_failed", endpoint=message.endpoint, error=type(error).__name__)
        return Outcome.UNREACHABLE
