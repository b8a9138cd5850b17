from __future__ import annotations

import threading

from schemas.states import WebhookMessage
from streams.notify.courier import Courier
from streams.notify.posting import Outcome
from tests.support.waiting import wait_for


def message(endpoint: str, number: int) -> WebhookMessage:
    return WebhookMessage(endpoint, f"msg_{number}", "label/x", b"{}", 0, 0, 0)


def test_an_endpoint_that_hangs_holds_up_nobody_else() -> None:
    hangs = threading.Event()

    def hang(_: WebhookMessage) -> Outcome:
        hangs.wait()
        return Outcome.TOO_SLOW

    courier = Courier({"dead": hang, "live": lambda _: Outcome.DELIVERED}, threads=2)
    for number in range(10):
        courier.offer(message("dead", number))
        courier.offer(message("live", number))
    found: list[str] = []
    wait_for(lambda: len(found.extend(it.message_id for it, _ in courier.outcomes()) or found) == 10, "all live")
    hangs.set()
    wait_for(
        lambda: len(found.extend(it.message_id for it, _ in courier.outcomes()) or found) == 20, "the dead too"
    )
    courier.stop()


def test_after_a_stop_its_threads_end() -> None:
    courier = Courier({"one": lambda _: Outcome.DELIVERED}, threads=3)
    courier.stop()
    wait_for(lambda: not [it for it in threading.enumerate() if it.name.startswith("webhook-one")], "threads end")
