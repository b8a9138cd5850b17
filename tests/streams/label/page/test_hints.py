"""A person asks what may be told of a placeholder: by mouse or by keys, and is told in words why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from topology.policies.hints import Hint, Hints

TEXT = "[LOCATION_1] to [LOCATION_2] with [PERSON_1], back to [LOCATION_1]"
PLACES = [(0, 12, "LOCATION"), (16, 28, "LOCATION"), (34, 44, "PERSON"), (54, 66, "LOCATION")]
HINTS = Hints((("LOCATION", Hint.COUNTRY),), per_task=2, per_hour=9)


@pytest.fixture
def service(serve):
    service = serve()
    service.loop.hints["policy-1"] = HINTS
    service.told = {"[LOCATION_1]": "city in France"}
    service.give(1, TEXT, PLACES)
    return service


def chips(seat) -> list[list[str]]:
    """What each chip reads, and what stands beside it."""
    found = "[...document.querySelectorAll('#fields .chip')]"
    return seat.ask(f"{found}.map((one) => [one.textContent, one.dataset.hint ?? ''])")


def asked(service) -> list[str]:
    events = [one for one in service.loop.events if one.type is EventType.HINT_SHOWN]
    return [one.details["placeholder"] for one in events]


def test_by_keys_alone_it_stands_beside_every_chip_of_that_placeholder_and_is_said(seat, service):
    seat.start()
    assert seat.ask("[...document.querySelectorAll('.chip.asks')].length") == 3
    seat.press(".")
    seat.says("location 1: city in France", "#told")
    assert chips(seat) == [
        ["location 1", "city in France"],
        ["location 2", ""],
        ["person 1", ""],
        ["location 1", "city in France"],
    ]
    seat.says("location 1: city in France", "#announcer")
    assert seat.text_of("[data-field]") == "location 1 to location 2 with person 1, back to location 1"
    assert asked(service) == ["[LOCATION_1]"]
    seat.press(".")  # is said again, and not asked
    assert asked(service) == ["[LOCATION_1]"]


def test_by_mouse_and_the_answer_is_as_it_was(seat, service):
    seat.start()
    seat.select(0, 12)
    seat.press("1")
    seat.click("#ask-hint")
    seat.says("city in France", "#told")
    assert seat.spans() == ["name [LOCATION_1]"]
    seat.press("q", Keys.ENTER)
    (label,) = seat.labels()
    assert [(span.start, span.end) for span in label.spans] == [(0, 12)]


def test_of_which_nothing_can_be_told_it_says_so(seat, service):
    seat.start()
    seat.select(16, 28)
    seat.press(".")
    seat.says("nothing can be told of this one", "#told")


def test_what_has_no_hint_offers_none(seat, service):
    seat.start()
    seat.select(34, 44)
    assert seat.text_of("#told") == ""
    seat.press(".")
    seat.says("Go to a dotted placeholder first")
    service.loop.hints.clear()
    seat.press("1", "q", Keys.ENTER)
    seat.labels()
    service.give(2, TEXT, PLACES)
    seat.wait("document.querySelectorAll('.chip').length === 4 && !document.querySelector('.asks')", "no hints")
    seat.press(".")
    seat.says("There are no hints for this task")
    assert asked(service) == []


def test_when_those_of_the_task_are_used_up_the_page_says_so_and_asks_no_more(seat, service):
    service.loop.hints["policy-1"] = replace(HINTS, per_task=1)
    seat.start()
    seat.press(".")
    seat.says("city in France", "#told")
    seat.select(16, 28)
    seat.press(".")
    seat.says("as many hints about this task as the project allows")
    assert "hints_used_up" not in {event.reason for event in service.loop.events}


def test_when_those_of_the_hour_are_used_up_it_says_when_there_are_more(seat, service):
    service.loop.hints["policy-1"] = replace(HINTS, per_hour=1)
    seat.start()
    seat.press(".")
    seat.says("city in France", "#told")
    seat.select(16, 28)
    seat.press(".")
    seat.says("as many hints as the project allows in an hour. The next one: in 60 min.")


def test_while_the_project_is_paused_it_says_so_and_the_task_stays(seat, service):
    seat.start()
    service.loop.paused_by = "olga"
    seat.press(".")
    seat.says("stopped or paused: there are no hints for now")
    seat.press("1", "q")
    assert seat.ask("!document.querySelector('#work').hidden")


def test_the_list_of_keys_names_the_one_for_hints(seat, service):
    seat.start()
    seat.press("?")
    seat.says("Ask for a hint about the dotted placeholder you are at", "#help dl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_about_a_hint_is_inaccessible(seat, service, scheme, width):
    seat.scheme(scheme)
    seat.resize(width)
    seat.start()
    found = [seat.violations(exclude="#watermark")]
    seat.press(".")
    seat.says("city in France", "#told")
    found.append(seat.violations(exclude="#watermark"))
    seat.scheme("")
    seat.unsized()
    assert found == [[], []]
