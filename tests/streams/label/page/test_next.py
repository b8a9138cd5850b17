"""The next task is there at once: kept while this one is worked on, opened only when it is shown."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from streams.label.commands import Submit
from streams.label.settings import QueueSettings
from tests.support.waiting import wait_for
from topology.switches import Excluded


def viewed(service):
    found = [one.resource for one in service.loop.events if one.type is EventType.TASK_VIEWED]
    return [int(one.removeprefix("task/"), 16) for one in found]


@pytest.fixture
def asked(service, monkeypatch):
    """Every command that reached the loop."""
    commands: list[object] = []
    take = service.loop.requests.take

    def noting(limit):
        taken = take(limit)
        commands.extend(one.command for one in taken)
        return taken

    monkeypatch.setattr(service.loop.requests, "take", noting)
    return commands


def test_next_task_comes_with_the_answer_and_was_not_opened_before(seat, service, asked):
    service.give(1, "it broke")
    service.give(2, "it works")
    seat.start()
    assert viewed(service) == [1]
    assert service.loop.processor._queue._reserves["ada"][0] == f"{2:032x}"
    asked.clear()
    seat.press("q", Keys.ENTER, Keys.ENTER)
    seat.says("it works", "#fields")
    assert viewed(service) == [1, 2]
    assert [type(one) for one in asked] == [Submit], "one call for both"


def test_waiting_page_opens_a_task_the_moment_it_is_there(seat, service, asked):
    seat.sign_in()
    seat.press(Keys.ENTER)
    seat.card("No task for you now")
    wait_for(lambda: len(service.loop.requests.waiters), "the page waits")
    asked.clear()
    service.give(1, "it broke")
    seat.at_task()
    assert len(asked) == 1


def test_page_goes_on_waiting_through_a_pause(seat, service):
    seat.sign_in()
    seat.press(Keys.ENTER)
    seat.card("No task for you now")
    wait_for(lambda: len(service.loop.requests.waiters), "the page waits")
    service.loop.paused_by = "olga"
    service.give(1, "it broke")
    service.loop.paused_by = ""
    service.clock.ms += QueueSettings().skills_look_ms
    seat.at_task()


def test_who_is_kept_from_a_task_is_told_so_and_gets_another(seat, service):
    service.give(1, "it broke")
    service.give(2, "it works")
    seat.start()
    service.loop.excluded["ada"] = Excluded(tasks=frozenset({f"{1:032x}"}))
    service.loop.control(f"exclude/demo/ada.task.{1:032x}")
    seat.press("q", Keys.ENTER)
    seat.card("You are kept from this task. Who runs the project can say why.")
    seat.press(Keys.ENTER)
    seat.says("it works", "#fields")


def test_who_only_reads_keeps_the_task(serve, seat_at):
    service = serve(QueueSettings(page_lease_ms=1_500))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    beats = lambda: service.loop.types().count(EventType.LEASE_RENEWED)  # noqa: E731
    wait_for(lambda: beats() >= 3, "three heartbeats without a key")
