"""For everybody: no rule of axe-core is broken, at any width, in light and dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys

from tests.streams.label.conftest import GUIDANCE

LONG = "A very long text about a lamp, " * 30
WIDTHS = [360, 768, 1280, 3840]


@pytest.fixture
def service(serve):
    """With guidelines that scroll."""
    return serve(guidance=replace(GUIDANCE, guidelines="NAME: of anybody.\n\n" + LONG * 4))


@pytest.fixture(params=["light", "dark"])
def scheme(request, seat):
    seat.scheme(request.param)
    yield request.param
    seat.scheme("")


@pytest.fixture
def own_colors(seat):
    """As somebody sees it who has chosen a few colors for everything (high contrast)."""

    def switch(value):
        features = [{"name": "forced-colors", "value": value}]
        seat.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    switch("active")
    yield
    switch("none")


@pytest.fixture
def resize(seat):
    yield seat.resize
    seat.unsized()


def violations(seat):
    """All but the watermark: faint on purpose, hidden from screen readers, no text that anybody has to read."""
    return seat.violations(exclude="#watermark")


def give_one_of_each(service):
    fields = {"note": f"[PERSON_1] says: {LONG}", "text": "שלום 🙏🏽", "empty.path": ""}
    service.give(1, fields, [(0, 10, "PERSON")])


def test_nothing_is_inaccessible(seat, service, scheme):
    """Every state of the page, one after the other."""
    give_one_of_each(service)
    seat.open()
    found = {"signed out": violations(seat)}
    seat.start()
    seat.select(17, 23, "note")
    seat.press("1", "g")
    found["task"] = violations(seat)
    seat.press("?")
    found["keys"] = violations(seat)
    seat.press(Keys.ESCAPE, "s")
    found["leave"] = violations(seat)
    seat.press(Keys.ESCAPE)
    seat.click("#sign-out")
    found["sign out"] = violations(seat)
    seat.press(Keys.ESCAPE, "x", "1")
    found["report"] = violations(seat)
    seat.press(Keys.ENTER)
    seat.card("No task for you now")
    found["none"] = violations(seat)
    seat.open()
    seat.card("Ready when you are")
    seat.press("p", Keys.ENTER)
    seat.says("Missed", "#feedback")
    found["practice"] = violations(seat)
    assert {state: broken for state, broken in found.items() if broken} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_at_any_width(seat, service, resize, width):
    give_one_of_each(service)
    resize(width)
    seat.start()
    seat.select(17, 23, "note")
    seat.press("1")
    assert cut_off(seat) == []
    seat.press("x")
    assert cut_off(seat) == []


def cut_off(seat):
    """What reaches beyond the screen, or is wider than what holds it."""
    return seat.run(
        """const inside = (box) => box.width === 0 || (box.left >= 0 && box.right <= innerWidth);
        const scrolls = (one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX === "auto";
        return [...document.querySelectorAll("body, header *, main *")]
            .filter((one) => scrolls(one) || !inside(one.getBoundingClientRect()))
            .map((one) => one.outerHTML.slice(0, 80));"""
    )


def test_buttons_are_large_enough_for_a_finger(seat, service, resize):
    """24 CSS pixels at least (WCAG 2.2, 2.5.8)."""
    give_one_of_each(service)
    resize(360)
    seat.start()
    small = seat.run(
        """return [...document.querySelectorAll("button, summary, a")].filter((one) => {
            const {width, height} = one.getBoundingClientRect();
            return width > 1 && (width < 24 || height < 24);
        }).map((one) => one.outerHTML);"""
    )
    assert small == []


def test_screen_readers_hear_what_happens(seat, service):
    give_one_of_each(service)
    seat.start()
    seat.says("A new task.", "#announcer")
    seat.select(17, 23, "note")
    seat.press("1")
    seat.says("Marked name: A very", "#announcer")
    seat.press("z")
    seat.says("Undone.", "#announcer")


@pytest.mark.usefixtures("own_colors")
def test_in_own_colors_it_shows_what_is_marked_chosen_and_where_one_is(seat, service):
    service.give(1, "[PERSON_1] says it broke", [(0, 10, "PERSON")])
    seat.start()

    def style(selector, name):
        return seat.ask(f"getComputedStyle(document.querySelector({selector!r})).{name}")

    ground = style("body", "backgroundColor")
    assert style(".caret", "backgroundColor") != ground
    seat.select(16, 18)
    seat.press("1", "q")
    assert style(".span", "textDecorationLine") == "underline"
    chosen, other = (f'[aria-pressed="{pressed}"].option' for pressed in ("true", "false"))
    assert style(chosen, "backgroundColor") != style(other, "backgroundColor")
    seat.select(0, 10)
    assert style(".selected-chip", "backgroundColor") != ground
    seat.press("x")
    assert style(".mark", "backgroundColor") != ground


def test_reading_directions_do_not_mix(seat, service):
    give_one_of_each(service)
    seat.start()
    direction = "getComputedStyle(document.querySelector('[data-field=\"{}\"]')).direction"
    assert seat.ask(direction.format("text")) == "rtl"
    assert seat.ask(direction.format("note")) == "ltr"
