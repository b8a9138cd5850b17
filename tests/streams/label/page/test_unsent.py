"""What was entered and is not sent: nobody loses it unasked, and nobody is asked where nothing is lost."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.records import Order, WorkOrder
from streams.label.commands import Held, LeaseTask
from streams.label.settings import QueueSettings
from streams.web.settings import SessionSettings
from topology.guidance import Guidance, KnownSpan, PracticeTask

ASKED = "is it one lamp?"
DIALOG = "#signing-out"
OUT = f"{DIALOG} .actions button:last-child"


def marked(seat):
    seat.held([Keys.CONTROL], "a")
    seat.press("1", "q")
    assert seat.spans() == ["name it broke"]


def begun(seat, service):
    service.give(1, "it broke")
    seat.start()
    marked(seat)


def typed(seat, box="#comments textarea"):
    seat.there(f"{box}:focus")
    seat.press(ASKED, Keys.ESCAPE)


def is_open(seat, dialog=DIALOG):
    return seat.ask(f"document.querySelector('{dialog}').open")


def asks_before_closing(seat):
    """Whether the browser would ask before it closes this page."""
    return seat.ask("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def is_signed_in(seat):
    return seat.ask("fetch('/v1/me').then(({ status }) => status === 200)")


# -- signing out


def test_who_signs_out_with_an_answer_under_way_is_asked_and_stays_unless_they_say_so(seat, service):
    begun(seat, service)
    seat.click("#sign-out")
    seat.says("Your answer is not sent. Signing out loses it.", DIALOG)
    seat.press(Keys.ENTER)
    assert not is_open(seat)
    seat.click("#sign-out")
    seat.press(Keys.ESCAPE)
    assert not is_open(seat)
    assert is_signed_in(seat)
    seat.press(Keys.ENTER)  # the mouse has taken nobody out of the text: this sends
    assert len(seat.labels()) == 1


def test_who_says_so_is_signed_out_and_nothing_is_kept(seat, service):
    begun(seat, service)
    seat.click("#sign-out")
    seat.click(OUT)
    seat.card("You are signed out.")
    assert EventType.TASK_RELEASED in service.loop.types()
    assert not asks_before_closing(seat)
    seat.click("#card-actions a")
    seat.card("Ready when you are")
    seat.press(Keys.ENTER)
    seat.at_task()
    assert seat.spans() == []


def test_by_keys_the_question_comes_back_to_where_it_was_asked(seat, service):
    begun(seat, service)
    seat.run("document.querySelector('#sign-out').focus()")
    seat.press(Keys.ENTER)
    assert seat.ask("document.activeElement.textContent").startswith("Stay signed in")
    seat.press(Keys.ESCAPE)
    assert seat.ask("document.activeElement.id") == "sign-out"
    seat.press(Keys.ENTER, Keys.TAB, Keys.ENTER)
    seat.card("You are signed out.")


def test_who_listens_is_told_what_is_lost(seat, service):
    begun(seat, service)
    seat.click("#sign-out")
    role, described = seat.ask(
        f"""[document.querySelector('{DIALOG}')].map((one) => [one.getAttribute('role'),
            document.getElementById(one.getAttribute('aria-describedby')).textContent])[0]"""
    )
    assert (role, described) == ("alertdialog", "Your answer is not sent. Signing out loses it.")


def test_a_comment_that_is_only_typed_is_asked_about(serve, seat_at):
    service = serve(comments=True)
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.press("c")
    typed(seat)
    seat.click("#sign-out")
    seat.says("Your comment is not sent. Signing out loses it.", DIALOG)
    seat.press(Keys.ENTER)
    assert seat.ask("document.querySelector('#comments textarea').value") == ASKED


def test_a_reply_that_is_only_typed_is_asked_about(serve, seat_at):
    service = serve(comments=True)
    service.give(1, "it broke")
    lease = service.loop.ask_in_turn(LeaseTask("bob")).lease
    service.said(1, "one or two?", Held("bob", lease.lease_id, lease.fencing_token))
    seat = seat_at(service)
    seat.sign_in("judy")
    seat.press("c")
    seat.there("#threads button")
    seat.press("1")
    typed(seat, "#thread textarea")
    seat.click("#sign-out")
    seat.says("Your comment is not sent.", DIALOG)
    seat.click(OUT)
    seat.card("You are signed out.")


def test_what_is_kept_of_a_lost_task_is_asked_about(seat, service):
    begun(seat, service)
    service.clock.ms += QueueSettings().lease_ms
    seat.press(Keys.ENTER)
    seat.card("Your time on this task is over.")
    seat.click("#sign-out")
    seat.says("in this window only. Signing out loses it.", DIALOG)
    seat.press(Keys.ENTER)
    assert is_signed_in(seat)


def test_an_answer_on_its_way_is_asked_about_and_the_question_ends_when_it_has_arrived(seat, service, offline):
    begun(seat, service)
    offline(True)
    seat.press(Keys.ENTER)
    seat.says("No connection.", "#banner")
    seat.click("#sign-out")
    seat.says("What you sent has not arrived yet. Signing out loses it.", DIALOG)
    offline(False)
    seat.card("No task for you now")
    assert not is_open(seat)
    assert len(service.loop.labels()) == 1
    assert is_signed_in(seat)


def test_who_can_not_be_signed_out_is_told_so_and_loses_nothing(seat, service, offline):
    begun(seat, service)
    offline(True)
    seat.click("#sign-out")
    seat.click(OUT)
    seat.says("You may still be signed in", "#banner")
    assert seat.spans() == ["name it broke"]
    offline(False)
    seat.click("#sign-out")
    seat.click(OUT)
    seat.card("You are signed out.")
    assert seat.ask("document.querySelector('#banner').hidden")


def test_who_signs_out_after_they_signed_in_anew_elsewhere_loses_nothing(seat, service):
    begun(seat, service)
    seat.run("await fetch('/signin')")
    seat.click("#sign-out")
    seat.click(OUT)
    seat.card("Somebody has signed in anew in another window.")
    seat.click("#card-actions button")
    seat.at_task()
    assert seat.spans() == ["name it broke"]


# -- closing the page


def test_a_page_is_closed_without_a_question_where_nothing_is_lost(seat, service):
    service.give(1, "it broke")
    seat.sign_in()
    assert not asks_before_closing(seat)
    seat.press(Keys.ENTER)
    seat.at_task()
    assert not asks_before_closing(seat)
    marked(seat)
    assert asks_before_closing(seat)
    seat.press("z", "z")
    assert not asks_before_closing(seat)


def test_a_page_with_an_answer_on_its_way_asks_before_it_is_closed(seat, service, offline):
    service.give(1, "it broke")
    seat.start()
    offline(True)
    seat.press(Keys.ENTER, Keys.ENTER)
    seat.says("No connection.", "#banner")
    assert asks_before_closing(seat)
    offline(False)
    seat.card("No task for you now")
    assert not asks_before_closing(seat)


def test_a_page_that_keeps_what_was_entered_after_its_session_asks_before_it_is_closed(seat, service):
    begun(seat, service)
    service.clock.ms += SessionSettings().idle_ms
    seat.press(Keys.ENTER)
    seat.card("Nothing happened for a while, so your session ended.")
    assert asks_before_closing(seat)


def test_what_was_entered_to_a_task_that_never_comes_back_is_not_kept(seat, service):
    begun(seat, service)
    service.loop.give(WorkOrder(f"{1:032x}", Order.CLOSE))
    seat.press(Keys.ENTER)
    seat.card("Others have finished this task meanwhile.")
    seat.says("What you entered went with it.", "#card-text")
    assert not asks_before_closing(seat)


def test_practice_that_was_checked_is_nothing_to_lose(serve, seat_at):
    known = PracticeTask({"text": "it broke"}, (KnownSpan("text", 0, 8, "NAME"),), {"tone": "calm"}, "All of it.")
    seat = seat_at(serve(guidance=Guidance("Mark names.", (known,))))
    seat.sign_in()
    seat.press("p")
    marked(seat)
    assert asks_before_closing(seat)
    seat.press(Keys.ENTER)
    seat.says("Just right", "#feedback")
    assert not asks_before_closing(seat)


# -- leaving the task, and sending past what was marked


def test_who_leaves_a_task_is_told_of_an_answer_and_a_comment_that_are_not_sent(serve, seat_at):
    service = serve(comments=True)
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.press("s")
    assert seat.text_of("#leave-lost") == ""
    seat.press(Keys.ESCAPE)
    marked(seat)
    seat.press("s")
    assert seat.text_of("#leave-lost") == "Your answer is not sent. What is not sent is lost with the task."
    seat.press(Keys.ENTER)  # which stays with the task
    assert not is_open(seat, "#leave")
    seat.press("c")
    typed(seat)
    seat.press("s")
    seat.says("Your answer is not sent. Your comment is not sent. What is not sent", "#leave-lost")


@pytest.mark.parametrize(("opens", "dialog"), [("s", "#leave"), (None, DIALOG)])
def test_a_question_about_a_task_ends_with_it(serve, seat_at, opens, dialog):
    service = serve(QueueSettings(page_lease_ms=2_000))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    marked(seat)
    if opens:
        seat.press(opens)
    else:
        seat.click("#sign-out")
    assert is_open(seat, dialog)
    service.clock.ms += 2_000
    seat.card("Your time on this task is over.")
    assert not is_open(seat, dialog)


def test_an_answer_is_not_sent_past_marks_of_a_report_that_was_left(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press("x")
    seat.select(3, 8)
    seat.press("m", Keys.ESCAPE, "q", Keys.ENTER)
    seat.says("What you marked as exposed is not reported. Press Enter again")
    assert service.loop.labels() == []
    seat.press(Keys.ENTER)
    assert [label.outcome.value for label in seat.labels()] == ["label"]
