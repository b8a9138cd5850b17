"""Signing in, being signed out, coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.keys import Keys

from streams.label.settings import QueueSettings
from streams.web.settings import SessionSettings
from streams.web.signin import SignInFault
from tests.support.waiting import wait_for
from topology.project import Persons
from topology.project_access import Access
from topology.working_hours import WorkingHours


def test_signing_in_shows_who_and_opens_nothing(seat, service):
    service.give(1, "it broke")
    seat.sign_in()
    assert seat.text_of("#person") == "ada"
    assert service.loop.events[-1].resource.startswith("session/")


def test_signing_out_ends_the_session_and_gives_the_task_back(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.click("#sign-out")
    seat.card("You are signed out.")
    seat.open()
    seat.card("You are signed out.")
    seat.start("bob")
    seat.says("it broke", "#fields")


def test_ended_session_keeps_what_was_entered_for_the_same_person(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("1", "q")
    service.clock.ms += SessionSettings().idle_ms
    seat.press(Keys.ENTER)
    seat.card("Nothing happened for a while, so your session ended.")
    first = seat.browser.current_window_handle
    seat.click("#card-actions a")
    (second,) = set(seat.browser.window_handles) - {first}
    seat.browser.switch_to.window(second)
    seat.card("Ready when you are")
    seat.browser.close()
    seat.browser.switch_to.window(first)
    seat.at_task()
    assert seat.spans() == ["name it broke"]
    seat.press(Keys.ENTER)
    assert [span.label for span in seat.labels()[0].spans] == ["NAME"]


def test_end_of_a_session_is_said_before_it_comes(serve, seat_at):
    service = serve(sessions=SessionSettings(idle_ms=100_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.says("Session ends in 1:", "#session")
    assert not seat.ask("document.querySelector('#session').hidden")


def test_session_that_ends_is_noticed_by_the_page(serve, seat_at):
    service = serve(sessions=SessionSettings(idle_ms=100_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    service.clock.ms += 100_000
    seat.card("Nothing happened for a while, so your session ended.")


def test_what_one_person_entered_is_never_shown_to_another(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("1")
    service.clock.ms += SessionSettings().idle_ms
    seat.press(Keys.ENTER, Keys.ENTER)
    seat.card("Nothing happened for a while, so your session ended.")
    service.vouches.next_person = "bob"
    seat.run("await fetch('/signin')")
    seat.click("#card-actions button")
    seat.at_task()
    assert seat.text_of("#person") == "bob"
    assert seat.spans() == []


def test_page_of_one_person_sends_nothing_in_the_name_of_another(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("1", "q")
    service.vouches.next_person = "bob"
    seat.run("await fetch('/signin')")
    seat.press(Keys.ENTER)
    seat.card("Somebody has signed in anew in another window.")
    assert service.loop.labels() == []
    seat.click("#card-actions button")
    seat.at_task()
    assert seat.text_of("#person") == "bob"
    assert seat.spans() == []


@pytest.mark.parametrize("fault", list(SignInFault))
def test_every_reason_why_nobody_was_signed_in_is_told(seat, fault):
    seat.open(f"/?problem={fault.value}")
    seat.card("You are not signed in")
    assert "You could not be signed in" not in seat.text_of("#card-text")
    assert seat.ask("location.search") == ""


def test_problem_of_unknown_words_shows_none_of_them(seat):
    seat.open("/?problem=<b>hello</b>")
    seat.card("You are not signed in")
    assert "hello" not in seat.text_of("body")


def test_who_is_no_annotator_is_told_so(seat, service):
    service.project = replace(service.project, persons=Persons((), (), (), ("bob",)))
    seat.open()
    seat.click("#card-actions a")
    seat.says("You may not label in this project now", "#card-text")


def test_after_working_hours_the_open_task_can_still_be_sent(serve, seat_at):
    service = serve(QueueSettings(lease_ms=15_000))
    service.give(1, "it broke")
    service.give(2, "the next one")
    seat = seat_at(service)
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("1", "q")
    never = WorkingHours(ZoneInfo("UTC"), frozenset(), time(0), time(1))
    service.project = replace(service.project, access=Access(hours=never))

    def told():
        seat.press(Keys.ARROW_RIGHT)  # heartbeats are sent for who is there
        return "Working hours are over" in seat.text_of("#notice")

    wait_for(told, "the page says that hours are over")
    seat.press(Keys.ENTER)
    assert [span.label for span in seat.labels()[0].spans] == ["NAME"]
    seat.card("This does not work")
    seat.says("working hours", "#card-text")


def test_who_is_not_trained_is_told_so(seat, service):
    service.project = replace(service.project, access=Access(training=True))
    service.vouches.next_person = "ada"
    seat.open()
    seat.click("#card-actions a")
    seat.card("You are not signed in")
    seat.says("Your training for this project is not on record", "#card-text")


def test_whom_to_ask_stands_beside_the_guidelines(seat, service):
    service.project = replace(service.project, escalation="the <b>desk</b>, 555")
    service.give(1, "it broke")
    seat.start()
    seat.says("Questions, or something is wrong? the <b>desk</b>, 555", "#guidelines")
