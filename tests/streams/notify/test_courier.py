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


def test_an_attempt_that_breaks_costs_no_thread() -> None:
    def breaks(it: WebhookMessage) -> Outcome:
        if it.message_id != "msg_9":
            raise RuntimeError("whatever")
        return Outcome.DELIVERED

    courier = Courier({"one": breaks}, threads=1)
    for number in (1, 2, 9):
        courier.offer(message("one", number))
    found: list[tuple[str, Outcome]] = []
    wait_for(
        lambda: len(found.extend((it.message_id, how) for it, how in courier.outcomes()) or found) == 3, "all"
    )
    assert found == [
        ("msg_1", Outcome.UNREACHABLE), ("msg_2", Outcome.UNREACHABLE), ("msg_9", Outcome.DELIVERED),
    ]  # fmt: skip
    courier.stop()


def test_what_is_queued_is_not_attempted_after_a_stop() -> None:
    under_way, goes_on, tried = threading.Event(), threading.Event(), []

    def attempt(it: WebhookMessage) -> Outcome:
        tried.append(it.message_id)
        under_way.set()
        goes_on.wait()
        return Outcome.DELIVERED

    courier = Courier({"stopped": attempt}, threads=1)
    for number in range(5):
        courier.offer(message("stopped", number))
    assert under_way.wait(60)
    courier.stop()
    goes_on.set()
    wait_for(lambda: not [it for it in threading.enumerate() if it.name.startswith("webhook-stopped")], "its end")
    assert tried == ["msg_0"]
