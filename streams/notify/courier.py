"""Delivers beside the loop: each endpoint has threads of its own, so that one that hangs holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue

from schemas.states import WebhookMessage
from streams.notify.posting import Outcome

Deliver = Callable[[WebhookMessage], Outcome]
"""One attempt. Blocks for a bounded time; never raises."""


class Courier:
    """Messages in, outcomes out. `offer` and `outcomes` are called by the loop's thread; threads start at once."""

    def __init__(self, deliver: Mapping[str, Deliver], threads: int) -> None:
        self._queues: dict[str, SimpleQueue[WebhookMessage | None]] = {name: SimpleQueue() for name in deliver}
        self._outcomes: SimpleQueue[tuple[WebhookMessage, Outcome]] = SimpleQueue()
        self._threads = threads
        for name, attempt in deliver.items():
            for number in range(threads):
                threading.Thread(
                    target=self._work,
                    args=(self._queues[name], attempt),
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
        """No more attempts; those under way end by themselves, and nothing waits for them."""
        for queue in self._queues.values():
            for _ in range(self._threads):
                queue.put(None)

    def _work(self, queue: SimpleQueue[WebhookMessage | None], attempt: Deliver) -> None:
        while (message := queue.get()) is not None:
            self._outcomes.put((message, attempt(message)))
