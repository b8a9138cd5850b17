"""A person labels: by mouse, by keys, in every kind of text."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.records import LabelOutcome, LabelSpan
from topology.policies.model import Choice, LabelSchema

NOTE = "[PERSON_1] hates it"
PLACEHOLDERS = [(0, 10, "PERSON")]


def test_keyboard_alone_from_signing_in_to_the_next_task(seat, service):
    service.give(1, "it broke")
    service.give(2, "it works")
    seat.start()
    seat.held([Keys.CONTROL], Keys.ARROW_RIGHT)
    seat.press(Keys.ARROW_RIGHT)
    seat.held([Keys.SHIFT, Keys.CONTROL], Keys.ARROW_RIGHT)
    seat.press("2", "w", Keys.ENTER)
    (label,) = seat.labels()
    assert label.spans == (LabelSpan("text", 3, 8, "COMPLAINT"),)
    assert label.choices == {"tone": "angry"}
    assert label.person == "ada"
    seat.says("it works", "#fields")
    seat.says("1 labeled", "#progress")


def test_mouse_alone(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.select(3, 8)
    seat.click('[data-label="COMPLAINT"]')
    seat.click('[data-option="calm"]')
    seat.click("#send-now")
    (label,) = seat.labels()
    assert (label.spans, label.choices) == ((LabelSpan("text", 3, 8, "COMPLAINT"),), {"tone": "calm"})


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("a 👩‍👩‍👧 waits 🙏🏽 long", 8, 13),
        ("a 👩‍👩‍👧 waits", 2, 7),
        ("Zoe\u0308 e\u0301tait la\u0300", 5, 11),
        ("שלום, המכונה שבורה מאוד", 6, 12),
        ("הזמנה AB-12 לא הגיעה", 6, 11),
        ("order مكسورة again", 6, 12),
        ("one\n\ntwo lines", 5, 8),
    ],
    ids=["emoji", "joined emoji", "combining", "hebrew", "ltr in rtl", "arabic in ltr", "lines"],
)
def test_offsets_are_the_code_points_of_what_was_selected(seat, service, text, start, end):
    service.give(1, text)
    seat.start()
    seat.select(start, end)
    assert seat.text_of("#selected bdi") == text[start:end]
    seat.press("1", "q", Keys.ENTER)
    (label,) = seat.labels()
    assert label.spans == (LabelSpan("text", start, end, "NAME"),)


def test_a_span_within_a_span_of_another_direction(seat, service):
    text = "שלום, המכונה AB-12 שבורה"
    service.give(1, text)
    seat.start()
    seat.select(6, 24)
    seat.press("2")
    seat.select(13, 18)
    seat.press("1")
    assert seat.spans() == [f"complaint {text[6:24]}", "name AB-12"]


def test_the_right_button_leaves_what_is_selected(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.select(3, 8)
    x, y = seat.run("const box = document.querySelector('.piece').getBoundingClientRect(); return [box.x, box.y]")
    for kind in ("mousePressed", "mouseReleased"):
        event = {"type": kind, "x": x + 5, "y": y + 5, "button": "right", "clickCount": 1}
        seat.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    assert seat.text_of("#selected") == "Selected: broke"


def test_arrows_go_the_way_the_text_is_read(seat, service):
    service.give(1, "שלום לך")
    seat.start()
    seat.held([Keys.SHIFT], Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert seat.text_of("#selected bdi") == "של"


def test_up_and_down_go_by_lines(seat, service):
    service.give(1, "first line\nsecond line")
    seat.start()
    seat.held([Keys.SHIFT], Keys.ARROW_DOWN)
    assert seat.text_of("#selected bdi") == "first line\n"
    seat.press(Keys.ARROW_UP)
    seat.held([Keys.SHIFT, Keys.CONTROL], Keys.ARROW_RIGHT)
    assert seat.text_of("#selected bdi") == "first"


def test_placeholder_shows_its_kind_and_is_selected_whole(seat, service):
    service.give(1, NOTE, PLACEHOLDERS)
    seat.start()
    assert seat.text_of(".chip") == "person 1"
    assert "[PERSON_1]" not in seat.text_of("#fields")
    seat.click(".chip")
    assert seat.text_of("#selected bdi") == "[PERSON_1]"
    seat.press("1", "q", Keys.ENTER)
    assert seat.labels()[0].spans == (LabelSpan("text", 0, 10, "NAME"),)


def test_selection_that_begins_in_a_placeholder_takes_all_of_it(seat, service):
    service.give(1, NOTE, PLACEHOLDERS)
    seat.start()
    seat.press(Keys.END)
    seat.held([Keys.SHIFT, Keys.CONTROL], Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert seat.text_of("#selected bdi") == NOTE


def test_mask_shows_what_it_stands_for(seat, service):
    service.give(1, "born *****", [(5, 10, "DATE_TIME")])
    seat.start()
    assert seat.text_of(".chip") == "date time"


def test_spans_overlap_and_lie_in_several_fields(seat, service):
    service.give(1, {"note": "the lamp is broken", "text": "now"})
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("2")
    seat.select(4, 8, "note")
    seat.press("1")
    seat.select(0, 3, "text")
    seat.press("1")
    assert seat.spans() == ["complaint the lamp is broken", "name lamp", "name now"]
    lanes = seat.ask("[...document.querySelectorAll('.span')].map((one) => one.style.backgroundPosition)")
    assert len(set(", ".join(lanes).split(", "))) == 2
    seat.press("q", Keys.ENTER)
    assert {(span.field, span.start, span.end) for span in seat.labels()[0].spans} == {
        ("note", 0, 18), ("note", 4, 8), ("text", 0, 3),
    }  # fmt: skip


def test_undo_redo_relabel_and_remove(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("1")
    assert seat.spans() == ["name it broke"]
    seat.press("1")
    assert seat.spans() == []
    seat.press("z")
    assert seat.spans() == ["name it broke"]
    seat.press("z")
    assert seat.spans() == []
    seat.held([Keys.CONTROL], "y")
    assert seat.spans() == ["name it broke"]
    seat.press("n", "2")
    assert seat.spans() == ["complaint it broke"]
    seat.press(Keys.DELETE)
    assert seat.spans() == []
    seat.held([Keys.CONTROL], "z")
    assert seat.spans() == ["complaint it broke"]
    seat.click(".remove")
    assert seat.spans() == []


def test_label_without_a_selection_says_what_to_do(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press("1")
    seat.says("Select some text first")
    assert seat.spans() == []


def test_missing_choice_is_asked_for_once(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press(Keys.ENTER)
    seat.says("Not chosen: tone")
    assert service.loop.labels() == []
    seat.press(Keys.ENTER)
    assert seat.labels()[0].choices == {}


def test_key_that_stays_down_does_not_answer_the_next_task(seat, service):
    service.give(1, "it broke")
    service.give(2, "it works")
    seat.start()
    seat.press("q")
    for again in (False, True, True):
        event = {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 13, "autoRepeat": again}
        seat.browser.execute_cdp_cmd("Input.dispatchKeyEvent", event)
        seat.says("it works", "#fields")
    assert len(service.loop.labels()) == 1
    assert seat.text_of("#notice") == ""


@pytest.mark.parametrize("name", ["PageDown", "ArrowDown", "Tab", "End"])
def test_keys_that_scroll_or_go_on_may_stay_down(seat, service, name):
    service.give(1, "it broke")
    seat.start()
    assert goes_on(seat, name)


@pytest.mark.parametrize("name", ["Enter", "Delete", "z"])
def test_keys_that_are_commands_do_nothing_while_they_stay_down(seat, service, name):
    service.give(1, "it broke")
    seat.start()
    assert not goes_on(seat, name)
    assert seat.text_of("#notice") == ""


def goes_on(seat, name: str) -> bool:
    """Whether the browser does what it always does with a key that stays down beside the text."""
    event = f"new KeyboardEvent('keydown', {{key: '{name}', repeat: true, bubbles: true, cancelable: true}})"
    return seat.ask(f"document.querySelector('#answer').dispatchEvent({event})")


def test_empty_answer_is_asked_about_once(serve, seat_at):
    service = serve(schema=LabelSchema(("NAME",), ()))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.press(Keys.ENTER)
    seat.says("Nothing is marked.")
    seat.press(Keys.ENTER)
    assert seat.labels()[0].spans == ()


def test_skip_with_a_reason_and_never_again(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press("s", "4")
    seat.card("No task for you now")
    (skipped,) = seat.labels()
    assert (skipped.outcome, skipped.reason) == (LabelOutcome.SKIP, "distressing")


def test_giving_a_task_back_lets_it_come_again(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press("s", "5")
    seat.card("Given back")
    seat.press(Keys.ENTER)
    seat.at_task()
    assert service.loop.labels() == []


def test_single_keys_can_be_turned_off(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.press("?")
    seat.click("#single-keys")
    seat.press(Keys.ESCAPE)
    seat.held([Keys.CONTROL], "a")
    seat.press("1")
    assert seat.spans() == []
    seat.click('[data-label="NAME"]')
    assert seat.spans() == ["name it broke"]


def test_who_works_by_tab_stays_where_they_are(seat, service):
    service.give(1, "it broke")
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.run("document.querySelector('[data-label=\"COMPLAINT\"]').focus()")
    seat.press(Keys.ENTER)
    assert seat.spans() == ["complaint it broke"]
    assert seat.ask("document.activeElement.dataset.label") == "COMPLAINT"


def test_many_labels_have_keys_and_long_names(serve, seat_at):
    names = tuple(f"A_LONG_NAME_{number}" for number in range(14))
    service = serve(schema=LabelSchema(names, (Choice("tone", ("calm",)),)))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.held([Keys.CONTROL], "a")
    seat.press("0")
    seat.held([Keys.CONTROL], "a")
    seat.press("q")
    assert seat.spans() == ["a long name 10 it broke", "a long name 9 it broke"]


def test_text_that_looks_like_markup_is_text(seat, service):
    service.give(1, "<img src=x onerror=alert(1)> &amp; <b>")
    seat.start()
    assert seat.text_of("[data-field]") == "<img src=x onerror=alert(1)> &amp; <b>"
    assert seat.ask("document.querySelectorAll('#fields img, #fields b').length") == 0


def test_guidelines_stand_beside_the_task(seat, service):
    service.give(1, "it broke")
    seat.start()
    assert seat.find("#guidelines > div").text == "Mark every name."
    seat.press("g")
    assert not seat.find("#guidelines > div").is_displayed()
