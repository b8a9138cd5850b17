"""What the page does so that texts stay on it."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from tests.support.waiting import wait_for
from topology.guidance import Guidance


@pytest.fixture
def at_work(seat, service):
    service.give(1, "it broke")
    seat.start()
    return seat


def test_nothing_is_kept_in_the_browser(at_work):
    at_work.held([Keys.CONTROL], "a")
    at_work.press("1")
    kept = at_work.run(
        """const workers = await navigator.serviceWorker.getRegistrations();
        return [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
                (await caches.keys()).length, workers.length, document.cookie];"""
    )
    assert kept == [0, 0, 0, 0, 0, ""]


def test_script_from_text_is_refused_by_the_browser(at_work):
    refused = at_work.run(
        """const tries = [
            () => { document.body.innerHTML = "<b>x</b>"; },
            () => trustedTypes.createPolicy("own", {createHTML: (text) => text}),
            () => { document.createElement("script").text = "1"; },
        ];
        return tries.map((attempt) => {
            try { attempt(); return "done"; } catch (error) { return error.name; }
        });"""
    )
    assert refused == ["TypeError"] * 3
    at_work.forgive("Trusted", "TrustedTypePolicy")


def test_nothing_of_another_origin_is_reached(at_work):
    refused = at_work.run(
        """const tries = [
            () => fetch("http://127.0.0.1:9/").catch(() => 0),
            () => Object.assign(new Image(), {src: "http://127.0.0.1:9/x.png"}),
            () => document.body.append(Object.assign(document.createElement("iframe"), {src: "http://127.0.0.1:9/"})),
        ];
        const refused = [];
        for (const attempt of tries) {
            const violation = new Promise((resolve) =>
                addEventListener("securitypolicyviolation", resolve, {once: true}));
            attempt();
            refused.push((await violation).effectiveDirective);
        }
        return refused;"""
    )
    assert refused == ["connect-src", "img-src", "frame-src"]
    at_work.forgive("127.0.0.1:9")


@pytest.mark.parametrize("name", ["copy", "cut", "dragstart", "contextmenu"])
def test_taking_texts_along_is_refused(at_work, name):
    at_work.held([Keys.CONTROL], "a")
    refused = at_work.ask(
        f"!document.querySelector('[data-field]').dispatchEvent("
        f"new Event('{name}', {{bubbles: true, cancelable: true}}))"
    )
    assert refused
    at_work.says("off on this page")


@pytest.mark.parametrize("name", ["p", "s"])
def test_printing_and_saving_by_keys_are_refused(at_work, name):
    press = f"new KeyboardEvent('keydown', {{key: '{name}', ctrlKey: true, bubbles: true, cancelable: true}})"
    assert not at_work.ask(f"document.body.dispatchEvent({press})")
    at_work.says("off on this page")


def test_long_press_on_a_touch_screen_may_select(at_work):
    press = "new PointerEvent('contextmenu', {pointerType: 'touch', bubbles: true, cancelable: true})"
    assert at_work.ask(f"document.querySelector('[data-field]').dispatchEvent({press})")


def test_copying_by_keys_leaves_the_clipboard_empty(at_work):
    at_work.run("globalThis.copied = []; addEventListener('copy', (event) => copied.push(event.defaultPrevented))")
    at_work.held([Keys.CONTROL], "a")
    at_work.held([Keys.CONTROL], "c")
    at_work.wait("copied.length === 1 && copied[0]", "copying was refused")


def test_print_shows_a_notice_only(at_work):
    at_work.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = (
        "[...document.body.children].filter((one) => getComputedStyle(one).display !== 'none').map(({id}) => id)"
    )
    assert at_work.ask(shown) == ["no-print"]
    at_work.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_texts_hide_while_the_window_is_not_in_use(at_work):
    blurred = "getComputedStyle(document.querySelector('#fields')).filter"
    assert at_work.ask(blurred) == "none"
    at_work.run("dispatchEvent(new Event('blur'))")
    at_work.wait(f"{blurred} === 'blur(14px)'", "the text is hidden")
    at_work.run("dispatchEvent(new Event('focus'))")
    at_work.wait(f"{blurred} === 'none'", "the text is back")


def test_project_may_leave_texts_visible(serve, seat_at):
    service = serve(guidance=Guidance(blur=False))
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    seat.run("dispatchEvent(new Event('blur'))")
    assert not seat.ask("document.documentElement.classList.contains('away')")
    assert seat.ask("document.querySelector('#guidelines').hidden")


def test_watermark_names_person_and_time_and_is_in_nobodys_way(at_work):
    text = at_work.text_of("#watermark span")
    assert text.startswith("ada · 20")
    assert text.endswith(" UTC")
    style = "getComputedStyle(document.querySelector('#watermark'))"
    assert at_work.ask(f"[{style}.pointerEvents, {style}.position]") == ["none", "fixed"]


def test_text_is_gone_from_the_page_when_the_task_is(at_work):
    at_work.press("q", Keys.ENTER)
    at_work.card("No task for you now")
    assert "it broke" not in at_work.ask("document.documentElement.outerHTML")


@pytest.mark.parametrize("how", ["sent", "reported", "signed out"])
def test_what_was_marked_is_gone_with_the_task_as_its_text_is(at_work, how):
    at_work.held([Keys.CONTROL], "a")
    at_work.press("1", "q")
    at_work.held([Keys.CONTROL], "a")
    if how == "sent":
        at_work.press(Keys.ENTER)
    elif how == "reported":
        at_work.press("x", "1", Keys.ENTER)
    else:
        at_work.click("#sign-out")
        at_work.click("#signing-out .actions button:not(.primary)")
    at_work.wait("document.querySelector('#work').hidden && !document.querySelector('#card').hidden", "it is gone")
    assert "broke" not in at_work.ask("document.documentElement.outerHTML")


def attempts(service):
    said = [event.details for event in service.loop.events if event.type is EventType.COPY_ATTEMPTED]
    return [(one["taking"], one["times"]) for one in said]


def test_what_takes_a_text_away_is_on_record_and_a_context_menu_is_not(at_work, service):
    at_work.run(
        """const field = document.querySelector("[data-field]");
        for (const name of ["contextmenu", "copy"])
            field.dispatchEvent(new Event(name, {bubbles: true, cancelable: true}));"""
    )
    wait_for(lambda: attempts(service), "the first attempt is told at once")
    assert attempts(service) == [("copy", "1")]


def test_attempts_that_come_together_are_told_together(at_work, service):
    """With ten seconds between two calls as one: the page's clock is moved on."""
    at_work.run(
        """const later = window.setTimeout;
        window.setTimeout = (done, wait, ...rest) => later(done, wait === 10_000 ? 100 : wait, ...rest);
        const field = document.querySelector("[data-field]");
        const press = (key) => field.dispatchEvent(
            new KeyboardEvent("keydown", {key, ctrlKey: true, bubbles: true, cancelable: true}));
        for (const key of ["p", "s", "s", "s"]) press(key);"""
    )
    wait_for(lambda: len(attempts(service)) == 2, "the others are told a while later")
    assert attempts(service) == [("print", "1"), ("save", "3")]
