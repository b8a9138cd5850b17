"""Calls: what may happen while they wait, and how much they may ask for; sessions end whatever fails."""

from __future__ import annotations

from schemas.audit import EventType
from streams.console.settings import ConsoleSettings
from streams.web.settings import SessionSettings
from tests.support.waiting import wait_for
from topology.project import Persons, Project


class Damaged(dict):
    """Projects that nobody can look through."""

    tries = 0

    def items(self):
        self.tries += 1
        raise RuntimeError("damaged")


def reason(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def test_a_call_that_finds_nothing_does_not_look_twice_at_the_same_and_counts_what_passed(console_with):
    console = console_with(settings=ConsoleSettings(tail_rows=3))
    browser = console.signed_in("iris")
    for _ in range(3):
        console.event()
    looked, rows = [], console.board.rows

    def noted(wanted, limit, after=0, before=0):
        looked.append(after)
        page = rows(wanted, limit, after, before)
        if len(looked) == 1:
            for _ in range(5):
                console.event()
            console.event(EventType.TASK_REPORTED)
        return page

    console.board.rows = noted
    answer = browser.get("/v1/events?after=1&wait=20&type=task.reported").json()
    assert [row["type"] for row in answer["rows"]] == ["task.reported"]
    assert (looked, answer["missed"]) == ([1, 3], 3)


def test_who_must_go_while_a_call_waits_gets_nothing_with_it(console):
    browser = console.signed_in("iris")
    browser.get("/v1/events")
    rows = console.board.rows

    def gone(*asked):
        page = rows(*asked)
        if not page.rows:
            console.revoked.add(("demo", "iris"))
            console.event()
        return page

    console.board.rows = gone
    status, why = reason(browser.get("/v1/events?wait=20"))
    assert (status, why) in ((403, "not_permitted"), (401, "session_revoked"))


def test_who_must_go_while_the_audit_is_read_gets_nothing_of_it(console):
    browser = console.signed_in("iris")
    told = console.incidents.all

    def gone(project):
        console.revoked.add(("demo", "iris"))
        return told(project)

    console.incidents.all = gone
    status, why = reason(browser.get("/v1/incidents?project=demo"))
    assert (status, why) in ((403, "not_permitted"), (401, "session_revoked"))
    assert not console.diary.of(EventType.CONSOLE_LOOKED)


def test_a_sweep_that_fails_is_not_the_last(console_with):
    console = console_with(settings=ConsoleSettings(sessions=SessionSettings(sweep_s=0.01)))
    console.signed_in("iris")
    console.projects = Damaged(console.projects)
    wait_for(lambda: console.projects.tries >= 2, "two sweeps that fail")
    console.projects = {"demo": Project("demo", "tests", 1, {}, Persons(("ada",), ("grace",), (), ()))}
    wait_for(lambda: console.diary.of(EventType.CONSOLE_LEFT), "the end")


def test_minutes_are_drawn_of_a_day_and_no_more(console):
    browser = console.signed_in("iris")
    assert browser.get("/v1/metrics?project=demo&windows=minute&days=1").status_code == 200
    assert reason(browser.get("/v1/metrics?project=demo&windows=minute&days=2")) == (400, "bad_request")
