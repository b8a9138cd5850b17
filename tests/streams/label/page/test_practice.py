"""Practice on known answers, with feedback at once; the server checks by itself, and may want it done first."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from topology.guidance import Guidance, KnownSpan, PracticeTask
from topology.project_access import Access

GUIDANCE = Guidance(
    "Mark names.",
    (
        PracticeTask(
            {"text": "🙏🏽 [PERSON_1] waits"}, (KnownSpan("text", 3, 13, "NAME"),), {"tone": "calm"}, "Chips too."
        ),
        PracticeTask(
            {"text": "it broke"}, (KnownSpan("text", 3, 8, "COMPLAINT"),), {"tone": "angry"}, "Only the verb."
        ),
    ),
)


def test_practice_tells_right_from_wrong_and_why(serve, seat_at):
    service = serve(guidance=GUIDANCE)
    service.give(1, "a real one")
    seat = seat_at(service)
    seat.sign_in()
    seat.press("p")
    seat.says("Practice 1 of 2", "#task-title")
    seat.click(".chip")
    seat.press("1", "q", Keys.ENTER)
    seat.says("Just right", "#feedback")
    seat.says("Chips too.", "#feedback")
    seat.press(Keys.ENTER)
    seat.says("Practice 2 of 2", "#task-title")
    seat.held([Keys.CONTROL], "a")
    seat.press("2", Keys.ENTER)
    seat.says("The place: complaint “it broke” should be “broke”", "#feedback")
    seat.says("tone: angry", "#feedback")
    assert seat.ask("document.querySelectorAll('.missed').length") == 0
    seat.press(Keys.ENTER)
    seat.card("That was the practice")
    seat.says("1 of 2 were right at once", "#card-text")
    assert service.loop.labels() == []
    seat.press(Keys.ENTER)
    seat.card("Ready when you are")


def test_practice_shows_what_was_missed_in_the_text(serve, seat_at):
    seat = seat_at(serve(guidance=GUIDANCE))
    seat.sign_in()
    seat.press("p")
    seat.says("Practice 1 of 2", "#task-title")
    seat.press(Keys.ENTER)
    seat.says("Missed: name “[PERSON_1]”", "#feedback")
    assert seat.text_of(".missed") == "person 1"


def test_practice_can_be_neither_skipped_nor_reported(serve, seat_at):
    seat = seat_at(serve(guidance=GUIDANCE))
    seat.sign_in()
    seat.press("p")
    seat.says("Practice 1 of 2", "#task-title")
    seat.press("s", "x")
    assert seat.ask("document.querySelectorAll('dialog[open], #exposed:not([hidden])').length") == 0


def test_project_that_wants_practice_gives_no_real_task_before_all_was_right_once(serve, seat_at):
    service = serve(guidance=GUIDANCE, access=Access(onboarding=True))
    service.give(1, "a real one")
    seat = seat_at(service)
    seat.sign_in()
    seat.says("begins with practice", "#card-text")
    assert "Start labeling" not in seat.text_of("#card-actions")
    seat.press(Keys.ENTER)
    seat.says("Practice 1 of 2", "#task-title")
    seat.click(".chip")
    seat.press("1", "q", Keys.ENTER)
    seat.says("Just right", "#feedback")
    seat.press(Keys.ENTER)
    seat.says("Practice 2 of 2", "#task-title")
    seat.press(Keys.ENTER)
    seat.says("Missed: complaint", "#feedback")
    seat.press(Keys.ENTER)
    seat.card("Not quite yet")
    seat.says("1 to go", "#card-text")
    assert EventType.PERSON_ONBOARDED not in service.loop.types()
    seat.press(Keys.ENTER)
    seat.says("Practice 1 of 1", "#task-title")
    seat.select(3, 8)
    seat.press("2", "w", Keys.ENTER)
    seat.says("Just right", "#feedback")
    seat.press(Keys.ENTER)
    seat.card("That was the practice")
    assert EventType.PERSON_ONBOARDED in service.loop.types()
    seat.press(Keys.ENTER)
    seat.card("Ready when you are")
    seat.press(Keys.ENTER)
    seat.at_task()
    seat.says("a real one", "#fields")
