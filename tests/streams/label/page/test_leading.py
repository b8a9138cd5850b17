"""Who leads reads what was said about open tasks and answers, without taking one: by keys alone, told in words."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.records import Order, WorkOrder
from streams.label.commands import Held, LeaseTask
from streams.web.settings import SessionSettings
from tests.support.waiting import wait_for
from topology.guidance import Guidance

BOX = "#thread textarea"
ONE, TWO = 0xA1 << 120, 0xB2 << 120
FIRST, SECOND = "Task a1000000", "Task b2000000"


@pytest.fixture
def service(serve):
    service = serve(comments=True)
    for number, said in ((ONE, "one or two?"), (TWO, "and the street?")):
        service.give(number, "it broke")
        asks(service, number, said)
    return service


def asks(service, number: int, text: str) -> None:
    """Somebody who has the task writes about it, and nothing has to be masked."""
    lease = service.loop.ask_in_turn(LeaseTask(f"person-{number % 7}")).lease
    service.said(number, text, Held(lease.person, lease.lease_id, lease.fencing_token))


@pytest.fixture
def leading(seat):
    seat.sign_in("judy")
    seat.press("c")
    seat.there("#threads button")
    return seat


def listed(seat) -> list[tuple[str, list[str]]]:
    """Each heading, and the tasks below it."""
    found = seat.ask(
        """[...document.querySelectorAll("#threads h2")].map((one) => [one.textContent,
            [...one.nextElementSibling.querySelectorAll(".name")].map(({textContent}) => textContent)])"""
    )
    return [(title, names) for title, names in found]


def said(seat) -> list[list[str]]:
    parts = "[one.querySelector('strong').textContent, one.querySelector('.said')?.textContent ?? '']"
    return seat.ask(f"[...document.querySelectorAll('#thread li')].map((one) => {parts})")


def until(seat, look, expected) -> None:
    wait_for(lambda: look(seat) == expected, f"{expected}")


def views(service) -> list[tuple[str, str]]:
    events = [event for event in service.loop.events if event.type is EventType.COMMENTS_VIEWED]
    return [(event.person, event.resource) for event in events if event.person == "judy"]


def test_by_keys_alone_a_question_is_found_read_and_answered(leading, service):
    assert listed(leading) == [("Await an answer (2)", [FIRST, SECOND])]
    assert views(service) == []
    leading.press("2")
    until(leading, said, [["An annotator", "and the street?"]])
    leading.there(f"{BOX}:focus")
    leading.press("it counts, too")
    leading.held([Keys.CONTROL], Keys.ENTER)
    until(leading, said, [["An annotator", "and the street?"], ["You", ""]])
    service.loop.redact("it counts, too")
    until(leading, said, [["An annotator", "and the street?"], ["You", "it counts, too"]])
    until(leading, listed, [("Await an answer (1)", [FIRST]), ("Answered (1)", [SECOND])])
    assert {task for _, task in views(service)} == {f"task/{TWO:032x}"}
    leading.press(Keys.ESCAPE)
    leading.wait("document.activeElement.dataset.task?.startsWith('b2')", "back at the list")
    leading.press(Keys.ESCAPE)
    leading.card("Ready when you are")
    assert EventType.TASK_VIEWED not in [it.type for it in service.loop.events if it.person == "judy"]


def test_nothing_of_it_stays_when_the_list_is_left(leading):
    leading.press("1")
    until(leading, said, [["An annotator", "one or two?"]])
    leading.press("half typed", Keys.ESCAPE, Keys.ESCAPE, Keys.ESCAPE)
    leading.card("Ready when you are")
    page = leading.ask(f"document.documentElement.outerHTML + document.querySelector('{BOX}').value")
    assert not [words for words in ("one or two", "half typed", f"{ONE:032x}") if words in page]


def test_a_task_that_has_ended_meanwhile_is_said_to_be(leading, service):
    service.loop.give(WorkOrder(f"{ONE:032x}", Order.CLOSE))
    leading.press("1")
    leading.says("This task is not open any more", "#thread .word")
    leading.press(Keys.ESCAPE)
    leading.click("#led .tools button")
    until(leading, listed, [("Await an answer (1)", [SECOND])])


def test_a_stopped_project_is_said(leading, service):
    leading.press("1")
    until(leading, said, [["An annotator", "one or two?"]])
    service.loop.paused_by = "olga"
    leading.click("#led .tools button")
    leading.says("nobody reads or writes comments for now", "#led-word")
    page = leading.ask("document.querySelector('main').outerHTML")
    assert not [words for words in ("one or two", f"{TWO:032x}") if words in page]


@pytest.fixture
def reading(leading):
    """A thread is on the screen, and nobody will touch a key any more."""
    leading.press("1")
    until(leading, said, [["An annotator", "one or two?"]])
    return leading


def gone(seat) -> bool:
    return "one or two" not in seat.ask("document.documentElement.outerHTML")


def test_the_end_of_the_session_closes_the_list_by_itself(reading):
    reading.browser.delete_all_cookies()
    reading.card("You are signed out.")
    assert gone(reading)


def test_an_idle_session_closes_the_list_by_itself(reading, service):
    service.clock.ms += SessionSettings().idle_ms
    reading.card("Nothing happened for a while, so your session ended.")
    assert gone(reading)


def test_a_list_of_one_person_is_not_left_to_another(reading, service):
    service.vouches.next_person = "bob"
    reading.run("await fetch('/signin')")
    reading.card("Somebody has signed in anew in another window.")
    assert gone(reading)


def test_a_list_that_nobody_looks_at_closes_and_comes_back_when_wanted(reading):
    reading.run("const real = Date.now; Date.now = () => real() + 300_000")
    reading.card("Are you still there?")
    assert gone(reading)
    reading.press("c")
    reading.there("#threads button")


def test_a_session_that_is_over_by_the_clock_is_over_where_nobody_answers(leading):
    assert (
        leading.ask(
            """await (async () => {
            const {SessionWatch} = await import("/page/session_watch.js");
            const {NoAnswer} = await import("/page/api.js");
            const api = {look: () => Promise.reject(new NoAnswer("offline", 0))};
            const watched = new Promise((ended) => {
                const watch = new SessionWatch(api, {now: () => 2000}, ended);
                watch.meet({person: "judy", expires_at: 1});
                watch.tick(true);
            });
            return (await watched).status;
        })()"""
        )
        == 401
    )


def test_what_was_said_about_a_task_goes_with_it_by_itself(reading, service):
    reading.press("half typed")
    service.loop.give(WorkOrder(f"{ONE:032x}", Order.CLOSE))
    reading.says("not on the list any more", "#thread .word")
    assert gone(reading)
    until(reading, listed, [("Await an answer (1)", [SECOND])])
    assert reading.ask(f"document.querySelector('{BOX}').value") == "half typed"


def test_a_typed_reply_is_lost_only_to_who_presses_twice(reading, service):
    reading.press("half typed", Keys.ESCAPE, "2")
    reading.says("Your comment is not sent. Press again", "#led-word")
    reading.press("1")
    reading.there(f"{BOX}:focus")
    assert reading.ask(f"document.querySelector('{BOX}').value") == "half typed"
    assert reading.text_of("#thread h2") == FIRST
    reading.press(".", Keys.ESCAPE, Keys.ESCAPE)
    assert reading.ask("!document.querySelector('#led').hidden")
    reading.press(Keys.ESCAPE)
    reading.card("Ready when you are")


def test_alt_and_a_digit_open_nothing_and_single_keys_can_be_turned_off(leading, service):
    leading.held([Keys.ALT], "1")
    leading.press("?")
    leading.there("#help[open]")
    leading.click("#single-keys")
    leading.press(Keys.ESCAPE, "1", "2")
    assert leading.ask("document.querySelector('#thread').hidden")
    leading.press(Keys.ESCAPE)
    leading.card("Ready when you are")
    leading.press("c")
    assert leading.ask("document.querySelector('#led').hidden")
    assert views(service) == []


def test_copying_what_was_said_is_refused_where_it_is_seen(reading):
    copied = "new Event('copy', {bubbles: true, cancelable: true})"
    assert not reading.ask(f"document.querySelector('#thread li').dispatchEvent({copied})")
    reading.says("off on this page", "#led-word")


def test_what_is_said_while_the_list_is_on_its_way_stays(reading, service):
    reading.run(
        """const real = fetch;
        globalThis.fetch = async (path, request) => {
            if (path.includes("/comments")) await new Promise((go) => { globalThis.letGo = go; });
            return real(path, request);
        }"""
    )
    asks(service, TWO, "and the house?")
    reading.click("#led .tools button")
    reading.wait("Boolean(globalThis.letGo)", "the list is on its way")
    reading.run("document.dispatchEvent(new Event('copy', {bubbles: true, cancelable: true}))")
    reading.says("off on this page", "#led-word")
    reading.run("letGo()")
    reading.wait("document.querySelector('#threads').innerText.includes('2 comments')", "the list is here")
    assert "off on this page" in reading.text_of("#led-word")


def test_a_session_that_has_ended_shows_nothing_any_more(leading, service):
    leading.press("1")
    until(leading, said, [["An annotator", "one or two?"]])
    leading.run("await fetch('/v1/me')")
    leading.browser.delete_all_cookies()
    leading.click("#thread .again")
    leading.wait("document.querySelector('#led').hidden", "the list is gone")
    leading.card("You are signed out.")
    assert "one or two" not in leading.ask("document.documentElement.outerHTML")


def test_where_nobody_has_asked_it_says_so(serve, seat_at):
    seat = seat_at(serve(comments=True))
    seat.sign_in("judy")
    seat.press("c")
    seat.says("Nobody has said anything about a task that is open.", "#led-word")


@pytest.mark.parametrize(("person", "comments"), [("ada", True), ("judy", False)])
def test_who_does_not_lead_is_offered_no_list(serve, seat_at, person, comments):
    seat = seat_at(serve(comments=comments, guidance=Guidance()))
    seat.sign_in(person)
    assert "Comments" not in seat.text_of("#card-actions")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_about_the_list_is_inaccessible(seat, service, scheme, width):
    seat.scheme(scheme)
    seat.resize(width)
    seat.sign_in("judy")
    seat.press("c")
    seat.there("#threads button")
    found = [seat.violations(exclude="#watermark")]
    seat.press("1")
    seat.there("#thread li")
    found.append(seat.violations(exclude="#watermark"))
    wide = seat.ask("document.documentElement.scrollWidth <= innerWidth")
    seat.scheme("")
    seat.unsized()
    assert found == [[], []]
    assert wide
