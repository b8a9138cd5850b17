"""A person sees what nobody should see."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.records import LabelOutcome

TEXT = "call Ada on 5551234"


def test_report_sends_the_marked_characters_and_pulls_the_task(seat, service):
    service.give(1, TEXT, overlap=3)
    seat.start()
    seat.select(12, 19)
    seat.press("x")
    seat.select(5, 8)
    seat.press("m", "1", Keys.ENTER)
    seat.card("No task for you now")
    (reported,) = service.loop.labels()
    assert (reported.outcome, reported.reason) == (LabelOutcome.REPORT, "personal_data")
    assert {(span.start, span.end) for span in reported.spans} == {(5, 8), (12, 19)}
    assert EventType.TASK_REPORTED in service.loop.types()


def test_report_needs_a_reason(seat, service):
    service.give(1, TEXT)
    seat.start()
    seat.press("x", Keys.ENTER)
    seat.says("Say what is exposed")
    assert service.loop.labels() == []


def test_report_can_be_left_and_labels_are_as_they_were(seat, service):
    service.give(1, TEXT)
    seat.start()
    seat.select(0, 4)
    seat.press("1", "x", "1", Keys.ESCAPE)
    assert seat.ask("document.querySelector('#exposed').hidden")
    assert seat.spans() == ["name call"]


def test_digits_mean_reasons_while_reporting(seat, service):
    service.give(1, TEXT)
    seat.start()
    seat.press("x")
    seat.select(5, 8)
    seat.press("2")
    assert seat.spans() == []
    assert seat.ask("document.querySelector('[data-reason=\"secret\"]').getAttribute('aria-pressed')") == "true"


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_marks_show_in_the_text_and_can_be_taken_back(seat, service, by):
    service.give(1, TEXT)
    seat.start()
    seat.select(5, 8)
    seat.press("x")
    assert seat.text_of(".mark") == "Ada"
    if by == "mouse":
        seat.click("#exposed .remove")
    else:
        seat.press("z")
    assert seat.ask("document.querySelectorAll('.mark').length") == 0
