"""People read and write comments on their task: by keys alone, and told in words who sees what, and why not."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.records import Order, WorkOrder
from streams.label.commands import Lead
from streams.label.forms import MOST_TYPED
from streams.label.settings import QueueSettings
from tests.support.waiting import wait_for

ASKED = "is Zebulon one name?"
LEFT = "is ***** one name?"
LEAD = Lead("judy", f"{1:032x}")
BOX = "#comments textarea"
WAITS = "Waits for redaction. Nobody sees it yet."


@pytest.fixture
def service(serve):
    service = serve(comments=True)
    service.give(1, "[PERSON_1] is late", [(0, 10, "PERSON")], overlap=2)
    return service


@pytest.fixture
def at_task(seat, service):
    seat.start()
    return seat


def shown(seat) -> list[list[str]]:
    """Of each comment: who, what stands there, what is said of it."""
    seat.wait("document.querySelector('#comments').open", "the comments are open")
    of = "one.querySelector('.{}')?.textContent ?? ''"
    parts = f"[one.querySelector('strong').textContent, {of.format('said')}, {of.format('state')}]"
    return seat.ask(f"[...document.querySelectorAll('#comments li')].map((one) => {parts})")


def until(seat, expected: list[list[str]]) -> None:
    wait_for(lambda: shown(seat) == expected, f"{expected}")


def wrote(seat, text: str) -> None:
    if not seat.ask(f"document.activeElement === document.querySelector('{BOX}')"):
        seat.press("c")
    seat.there(f"{BOX}:focus")
    seat.press(text)
    seat.held([Keys.CONTROL], Keys.ENTER)


def quickly(seat) -> None:
    """Looks that come by themselves come at once: the page's clock is moved on. `waits`: what they would have
    waited; `answered`: how many calls about comments the page has dealt with.
    """
    seat.run(
        """const real = setTimeout;
        Object.assign(globalThis, {waits: [], answered: 0});
        globalThis.setTimeout = (done, wait) => {
            waits.push(wait);
            return real(done, Math.min(wait, 50));
        };
        const asks = fetch;
        globalThis.fetch = async (path, request) => {
            const answer = await asks(path, request);
            if (path.includes("/comments")) {
                const read = answer.json.bind(answer);
                answer.json = async () => {
                    const content = await read();
                    real(() => (answered += 1));
                    return content;
                };
            }
            return answer;
        };"""
    )


def slowly(seat, path: str) -> None:
    """Answers to calls of this path come when the page's `answer()` is called."""
    seat.run(
        f"""const asks = fetch;
        const held = new Promise((resolve) => (globalThis.answer = resolve));
        globalThis.asked = 0;
        globalThis.fetch = async (path, request) => {{
            if (!path.includes({path!r})) return asks(path, request);
            globalThis.asked += 1;
            const answer = await asks(path, request);
            await held;
            return answer;
        }};"""
    )


def value(seat) -> str:
    return seat.ask(f"document.querySelector('{BOX}').value")


def looks(service) -> list[str]:
    return [event.person for event in service.loop.events if event.type is EventType.COMMENTS_VIEWED]


def test_by_keys_alone_it_is_asked_redacted_answered_and_the_answer_to_the_task_is_as_it_was(at_task, service):
    at_task.press("1", "q")
    wrote(at_task, ASKED)
    until(at_task, [["You", "", WAITS]])
    assert service.asked() == [ASKED]
    assert at_task.ask(f"document.querySelector('{BOX}').value") == ""
    service.loop.redact(LEFT)
    until(at_task, [["You", "is masked one name?", ""]])
    at_task.says("Comments: 1. The last, You: is masked one name?", "#announcer")
    service.said(1, "it is one", LEAD)
    at_task.press(Keys.ESCAPE)
    at_task.there("[data-field]:focus")
    at_task.wait("!document.querySelector('#comments').open", "closed")
    at_task.press("c")
    until(at_task, [["You", "is masked one name?", ""], ["Who leads", "it is one", ""]])
    at_task.press(Keys.ESCAPE, Keys.ENTER)
    (label,) = at_task.labels()
    assert label.choices == {"tone": "calm"}


def test_nothing_is_read_before_somebody_wants_it(at_task, service):
    service.said(1, "it is one", LEAD)
    before = looks(service)
    at_task.press("1", "q")
    at_task.select(11, 13)
    assert looks(service) == before
    assert at_task.ask("document.querySelectorAll('#comments li').length") == 0
    at_task.click("#comments summary")
    until(at_task, [["Who leads", "it is one", ""]])
    assert looks(service) == [*before, "ada"]


def test_where_nobody_has_said_anything_it_says_so(at_task):
    at_task.press("c")
    at_task.says("Nobody has said anything about this task.", "#comments .word")


def test_it_looks_a_few_times_for_what_waits_and_no_more(at_task, service):
    quickly(at_task)
    wrote(at_task, ASKED)
    at_task.wait("answered >= 8", "looked once, wrote, and looked six times more")
    assert at_task.ask("waits") == [1000, 2000, 4000, 8000, 15_000, 30_000]
    service.loop.redact(LEFT)
    at_task.click("#comments .again")
    until(at_task, [["You", "is masked one name?", ""]])


def test_who_wrote_what_cannot_be_shown_is_told_why(at_task, service):
    wrote(at_task, "Zebulon")
    service.asked()
    service.loop.redact(None)
    until(
        at_task, [["You", "", "Nothing of it can be shown: all of it was masked. Only you see that it was there."]]
    )


def test_keys_typed_in_the_box_are_no_commands(at_task, service):
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press("1 q s x ?", Keys.ENTER)
    assert at_task.ask(f"document.querySelector('{BOX}').value") == "1 q s x ?\n"
    assert at_task.spans() == []
    assert not at_task.ask("Boolean(document.querySelector('dialog[open]'))")
    assert service.loop.labels() == []


def test_what_is_too_long_is_counted_and_not_sent(at_task, service):
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.says(f"{MOST_TYPED} left", "#comments .count")
    fill = f"const box = document.querySelector('{BOX}'); box.value = '🙏'.repeat({{}});"
    at_task.run(fill.format(MOST_TYPED) + "box.dispatchEvent(new Event('input'))")
    at_task.says("0 left", "#comments .count")
    at_task.press("!")
    at_task.says("1 too many", "#comments .count")
    at_task.held([Keys.CONTROL], Keys.ENTER)
    at_task.says("That is too long: 1 character has to go.", "#comments .word")
    at_task.press(Keys.BACKSPACE)
    at_task.held([Keys.CONTROL], Keys.ENTER)
    assert service.asked() == ["🙏" * MOST_TYPED]


def test_what_is_empty_is_not_sent(at_task, service):
    at_task.press("c")
    at_task.says("Nobody has said", "#comments .word")
    wrote(at_task, "   ")
    at_task.says("Write something first.", "#comments .word")
    assert service.loop.comments() == []


def test_without_an_answer_what_was_typed_stays_and_counts_once(at_task, service):
    at_task.press("c")
    at_task.says("Nobody has said", "#comments .word")
    service.loop.in_doubt = True
    at_task.press(ASKED)
    at_task.held([Keys.CONTROL], Keys.ENTER)
    at_task.says("What you typed stays here", "#comments .word")
    service.loop.in_doubt = False
    at_task.wait(f"!document.querySelector('{BOX}').readOnly", "it may be sent again")
    at_task.held([Keys.CONTROL], Keys.ENTER)
    until(at_task, [["You", "", WAITS]])
    assert service.asked() == [ASKED]


def test_a_stopped_project_is_said_and_the_task_stays(at_task, service):
    service.said(1, "it is one", LEAD)
    at_task.press("c")
    until(at_task, [["Who leads", "it is one", ""]])
    service.loop.paused_by = "olga"
    at_task.click("#comments .again")
    at_task.says("stopped or paused: nobody reads or writes comments", "#comments .word")
    assert at_task.ask("!document.querySelector('#work').hidden")
    assert "it is one" not in at_task.ask("document.documentElement.outerHTML")


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"per_task": 11, "for_leads": 10}, "No more comments fit"),
        ({"per_hour": 1}, "as one may in an hour. The next one: in 60 min."),
    ],
    ids=["of the task", "of the hour"],
)
def test_limits_are_said_in_words_and_what_was_typed_stays(serve, seat_at, limits, sentence):
    service = serve(comments=True, limits=limits)
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    wrote(seat, "first")
    seat.there("#comments .waiting")
    wrote(seat, ASKED)
    seat.says(sentence, "#comments .word")
    assert seat.ask(f"document.querySelector('{BOX}').value") == ASKED


def test_an_answer_is_not_sent_past_a_comment_that_is_not(at_task, service):
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press(ASKED, Keys.ESCAPE, "q", Keys.ENTER)
    at_task.says("Your comment is not sent.")
    assert service.loop.labels() == []
    at_task.press(Keys.ENTER)
    at_task.labels()


def test_each_doubt_is_said_and_a_new_one_is_not_taken_for_confirmed(at_task, service):
    at_task.press(Keys.ENTER)
    at_task.says("Not chosen: tone. Press Enter again")
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press(ASKED, Keys.ESCAPE, Keys.ENTER)
    at_task.says("Your comment is not sent. Not chosen: tone. Press Enter again")
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press("?", Keys.ESCAPE)
    at_task.run("document.querySelector('#notice').textContent = ''")
    at_task.press(Keys.ENTER)
    at_task.says("Your comment is not sent. Not chosen: tone. Press Enter again")
    assert service.loop.labels() == []


def test_who_leaves_or_reports_a_task_is_told_of_a_comment_that_is_not_sent(at_task, service):
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press(ASKED, Keys.ESCAPE, "s")
    at_task.says("Your comment is not sent. What is not sent is lost with the task.", "#leave")
    at_task.press(Keys.ESCAPE)
    at_task.press("x", "1", Keys.ENTER)
    at_task.says("Your comment is not sent. Press Enter again")
    assert EventType.TASK_REPORTED not in service.loop.types()
    at_task.press(Keys.ENTER)
    wait_for(lambda: EventType.TASK_REPORTED in service.loop.types(), "it is reported")


def test_what_was_typed_about_a_task_is_not_brought_back_at_the_next(at_task, service):
    service.give(2, "it broke")
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.press("Zebulon")
    at_task.held([Keys.CONTROL], "a")
    at_task.press(Keys.DELETE, Keys.ESCAPE, "q", Keys.ENTER)
    at_task.says("it broke", "#fields")
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    at_task.held([Keys.CONTROL], "z")
    assert value(at_task) == ""


def test_an_answer_that_comes_after_the_comments_are_closed_is_not_shown(at_task, service):
    at_task.press("c")
    at_task.says("Nobody has said", "#comments .word")
    slowly(at_task, "/comments")
    at_task.press(ASKED)
    at_task.held([Keys.CONTROL], Keys.ENTER)
    at_task.wait("asked === 1", "it is on its way")
    at_task.press(Keys.ESCAPE)
    at_task.there("[data-field]:focus")
    at_task.run("answer()")
    at_task.wait(f"!document.querySelector('{BOX}').readOnly", "it was taken")
    assert value(at_task) == ""
    assert at_task.ask("document.querySelectorAll('#comments li').length") == 0
    assert "Comments:" not in at_task.text_of("#announcer")
    at_task.press("c")
    until(at_task, [["You", "", WAITS]])


def test_while_an_answer_is_on_its_way_comments_rest_and_end_nothing(at_task, service):
    at_task.press("c", "q")
    at_task.says("Nobody has said", "#comments .word")
    at_task.press(Keys.ESCAPE, "q", "c")
    slowly(at_task, "/label")
    at_task.run("""
        const asks = fetch;
        globalThis.fetch = (path, request) => path.includes("/comments")
            ? new Promise((resolve) => (globalThis.gone = () => resolve(new Response("{}", {status: 410}))))
            : asks(path, request);""")
    at_task.click("#comments .again")
    at_task.wait("Boolean(globalThis.gone)", "a look is on its way")
    at_task.run("document.querySelector('#send-now').click()")
    at_task.run("document.querySelector('#send-now').click()")
    at_task.wait("asked === 1", "the answer is on its way")
    assert at_task.ask(f"document.querySelector('{BOX}').readOnly")
    at_task.run("gone()")
    at_task.says("Its comments went with it", "#comments .word")
    assert at_task.ask("!document.querySelector('#work').hidden")
    at_task.run("answer()")
    at_task.card("No task for you now")
    assert len(at_task.labels()) == 1
    assert not at_task.ask(f"document.querySelector('{BOX}').readOnly")


def test_comments_end_with_the_lease_without_a_key_pressed(serve, seat_at):
    service = serve(QueueSettings(page_lease_ms=2_000), comments=True)
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    service.said(1, "it is one", LEAD)
    seat.press("c")
    until(seat, [["Who leads", "it is one", ""]])
    service.clock.ms += 2_000
    seat.card("Your time on this task is over.")
    assert "it is one" not in seat.ask("document.documentElement.outerHTML")


@pytest.mark.parametrize("how", ["answered", "lost"])
def test_nothing_that_was_said_or_typed_outlives_the_task(at_task, service, how):
    wrote(at_task, ASKED)
    until(at_task, [["You", "", WAITS]])
    service.said(1, "it is one", LEAD)
    at_task.click("#comments .again")
    at_task.says("it is one", "#announcer")
    at_task.click(BOX)
    at_task.press("half typed", Keys.ESCAPE, "q")
    if how == "lost":
        service.clock.ms += QueueSettings().lease_ms
        at_task.press("c")
        at_task.card("Your time on this task is over.")
    else:
        at_task.press(Keys.ENTER, Keys.ENTER)
        at_task.card("No task for you now")
    page = at_task.ask(f"document.documentElement.outerHTML + document.querySelector('{BOX}').value")
    assert not [words for words in ("it is one", "half typed", "Zebulon") if words in page]
    assert at_task.ask("localStorage.length + sessionStorage.length") == 0


def test_a_task_that_others_finished_ends_with_its_comments(at_task, service):
    service.loop.give(WorkOrder(f"{1:032x}", Order.CLOSE))
    at_task.press("c")
    at_task.card("Others have finished this task meanwhile.")


def test_where_the_project_has_no_comments_there_are_none(serve, seat_at):
    service = serve()
    service.give(1, "it broke")
    seat = seat_at(service)
    seat.start()
    assert seat.ask("document.querySelector('#comments').hidden")
    seat.press("c")
    seat.says("There are no comments about this task.")


def test_nothing_typed_is_sent_elsewhere_or_remembered(at_task):
    said = {
        "spellcheck": "false",
        "autocomplete": "off",
        "autocorrect": "off",
        "translate": "no",
        "writingsuggestions": "false",
    }
    box = f"document.querySelector('{BOX}')"
    assert at_task.ask(f"{list(said)}.map((name) => {box}.getAttribute(name))") == list(said.values())
    assert at_task.ask("document.querySelector('#comments .thread').translate") is False
    named = f"{box}.getAttribute('aria-describedby').split(' ')"
    assert at_task.ask(f"{named}.map((id) => document.getElementById(id).className)") == ["hint", "count"]


def test_practice_has_none(seat, service):
    seat.sign_in()
    seat.press("p")
    seat.at_task()
    assert seat.ask("document.querySelector('#comments').hidden")


def test_own_words_may_be_cut_and_nothing_else(at_task, service):
    at_task.press("c")
    at_task.there(f"{BOX}:focus")
    refused = "!document.querySelector('{}').dispatchEvent(new Event('{}', {{bubbles: true, cancelable: true}}))"
    assert not at_task.ask(refused.format(BOX, "cut"))
    assert at_task.ask(refused.format(BOX, "drop"))
    assert at_task.ask(refused.format("#comments ol", "copy"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_about_comments_is_inaccessible(seat, service, scheme, width):
    seat.scheme(scheme)
    seat.resize(width)
    seat.start()
    service.said(1, "[PERSON_1] is one, ***** is not. " * 20, LEAD)
    seat.press("c")
    seat.there("#comments li")
    found = [seat.violations(exclude="#watermark")]
    seat.press("x" * 30)
    seat.held([Keys.CONTROL], Keys.ENTER)
    seat.there("#comments .waiting")
    found.append(seat.violations(exclude="#watermark"))
    assert seat.ask("document.documentElement.scrollWidth <= innerWidth")
    seat.scheme("")
    seat.unsized()
    assert found == [[], []]
