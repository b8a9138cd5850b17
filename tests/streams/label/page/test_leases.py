"""Leases end, connections break, servers are busy: nothing that was entered is lost, nothing is sent twice."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.records import LabelSpan, Order, WorkOrder
from streams.label.settings import QueueSettings
from tests.support.waiting import wait_for

ALL = (LabelSpan("text", 0, 8, "NAME"),)


def mark_everything(seat):
    seat.held([Keys.CONTROL], "a")
    seat.press("1", "q")
    assert seat.spans() == ["name it broke"]


def test_heartbeat_keeps_a_lease_while_its_person_is_at_work(serve, seat_at):
    service = serve(QueueSettings(page_lease_ms=3_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()

    def renewed():
        seat.press(Keys.ARROW_RIGHT)
        return EventType.LEASE_RENEWED in service.loop.types()

    wait_for(renewed, "a heartbeat")
    assert seat.text_of("#lease .left").endswith("left")


def test_expired_lease_keeps_what_was_entered_until_the_task_is_back(seat, service):
    service.give(1, "it broke")
    seat.start()
    mark_everything(seat)
    service.clock.ms += QueueSettings().lease_ms
    seat.press(Keys.ENTER)
    seat.card("Your time on this task is over.")
    assert "kept in this window" in seat.text_of("#card-text")
    seat.press(Keys.ENTER)
    seat.says("came back to you")
    assert seat.spans() == ["name it broke"]
    seat.press(Keys.ENTER)
    assert [label.spans for label in seat.labels()] == [ALL]


def test_lease_nobody_keeps_is_noticed_by_the_page(serve, seat_at):
    service = serve(QueueSettings(page_lease_ms=2_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    service.clock.ms += 2_000
    seat.card("Your time on this task is over.")


def test_task_that_others_finished_is_said_to_be(seat, service):
    service.give(1, "it broke")
    seat.start()
    mark_everything(seat)
    service.loop.give(WorkOrder(f"{1:032x}", Order.CLOSE))
    seat.press(Keys.ENTER)
    seat.card("Others have finished this task meanwhile.")


def test_answer_waits_for_the_connection_and_is_sent_once(seat, service, offline):
    service.give(1, "it broke")
    seat.start()
    mark_everything(seat)
    offline(True)
    seat.press(Keys.ENTER)
    seat.says("No connection.", "#banner")
    seat.press("z", "2", Keys.ENTER)  # on its way: it can't be changed any more
    assert seat.spans() == ["name it broke"]
    offline(False)
    seat.card("No task for you now")
    assert [label.spans for label in service.loop.labels()] == [ALL]
    assert seat.ask("document.querySelector('#banner').hidden")


def test_without_a_connection_a_task_ends_with_its_time_and_what_was_entered_comes_back_with_it(
    serve, seat_at, offline
):
    service = serve(QueueSettings(page_lease_ms=3_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    mark_everything(seat)
    offline(True)
    seat.card("Your time on this task is over.")
    assert "it broke" not in seat.ask("document.documentElement.outerHTML")
    assert "kept in this window" in seat.text_of("#card-text")
    seat.says("No connection.", "#banner")
    offline(False)
    seat.press(Keys.ENTER)
    seat.says("came back to you")
    assert seat.spans() == ["name it broke"]
    assert seat.ask("document.querySelector('#banner').hidden")


def test_answer_in_doubt_is_repeated_in_the_same_words(seat, service):
    service.give(1, "it broke")
    seat.start()
    mark_everything(seat)
    service.loop.in_doubt = True
    seat.press(Keys.ENTER)
    seat.says("The server is busy.", "#banner")
    service.loop.in_doubt = False
    service.loop.restart()
    seat.card("No task for you now")
    assert [label.spans for label in service.loop.labels()] == [ALL]


def test_refused_answer_can_be_changed_and_sent_again(seat, service):
    service.give(1, "it broke")
    seat.start()
    mark_everything(seat)
    schema = service.loop.policies.pop("policy-1")
    service.loop.policies["policy-1"] = type(schema)(("COMPLAINT",), schema.choices)
    seat.press(Keys.ENTER)
    seat.says("labels have changed")
    service.loop.policies["policy-1"] = schema
    seat.press("z", "w", Keys.ENTER)
    assert seat.labels()[0].choices == {"tone": "angry"}


def test_tasks_come_by_themselves_when_there_are_some(seat, service):
    seat.sign_in()
    seat.press(Keys.ENTER)
    seat.card("No task for you now")
    service.give(1, "it broke")
    seat.at_task()


def test_page_asks_for_no_task_when_nobody_is_there(seat, service):
    seat.sign_in()
    seat.press(Keys.ENTER)
    seat.card("No task for you now")
    wait_for(lambda: len(service.loop.requests.waiters), "the page waits")
    seat.run("const real = Date.now; Date.now = () => real() + 300_000")
    seat.card("Are you still there?")
    wait_for(lambda: not len(service.loop.requests.waiters), "the page has hung up")
    service.give(1, "it broke")
    assert EventType.TASK_VIEWED not in service.loop.types()
    seat.press(Keys.ENTER)
    seat.at_task()


def test_task_that_never_opens_gives_way_to_the_next(seat, service):
    service.give(1, "it broke")
    service.contents[f"{1:032x}"] = {"text": "not what the task describes"}
    service.give(2, "it works")
    seat.start()
    seat.says("it works", "#fields")
