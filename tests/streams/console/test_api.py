"""The calls over a real socket: what they show to whom, what is said on the audit, and what abuse gets."""

from __future__ import annotations

import threading
import time

import pytest

from schemas.audit import EventType
from streams.console.settings import ConsoleSettings
from streams.web.oidc import IdTokenFault
from streams.web.sessions import Ending
from streams.web.settings import SessionSettings
from tests.streams.console.site import CLOSED, OFFICERS, OPEN, fill
from tests.support.waiting import wait_for
from topology.project import Persons, Project

READING = (
    "/v1/events", "/v1/metrics?project=demo", "/v1/record?project=demo", "/v1/signatures?project=demo",
    "/v1/lineage?project=demo&id=task/known", "/v1/access?project=demo&person=ann",
    "/v1/incidents?project=demo", f"/v1/incidents?project=demo&id={OPEN}",
)  # fmt: skip


def reason(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def test_an_officer_reads_every_view_of_their_project(console):
    fill(console)
    browser = console.signed_in("iris")
    me = browser.get("/v1/me").json()
    assert [(it["name"], len(it["may"])) for it in me["projects"]] == [("demo", 6)]
    for path in READING:
        assert browser.get(path).status_code == 200, path


@pytest.mark.parametrize("path", READING[1:])
def test_nobody_reads_another_project_and_the_try_is_audited(console, path):
    browser = console.signed_in("otto")
    assert reason(browser.get(path)) == (403, "not_permitted")
    denied = wait_for(lambda: console.diary.of(EventType.CONSOLE_DENIED), "the refusal")
    assert [(it.person, it.resource, it.reason) for it in denied] == [("otto", "project/demo", "not_permitted")]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/metrics?project=demo", "/v1/lineage?project=demo&id=x"])
def test_who_signs_sees_nothing_but_signatures(console, path):
    browser = console.signed_in("grace")
    assert reason(browser.get(path))[0] == 403
    assert browser.get("/v1/signatures?project=demo").status_code == 200


def test_events_of_other_projects_are_in_no_answer(console):
    console.event(topic="audit.other")
    console.event(EventType.CONSOLE_LOOKED, topic="audit.platform", resource="project/other")
    console.event(EventType.TOPOLOGY_APPLIED, topic="audit.platform", resource="project/platform")
    mine = console.event()
    browser = console.signed_in("iris")
    assert [it["project"] for it in browser.get("/v1/events").json()["rows"]] == ["demo", "platform"]
    assert [it["id"] for it in browser.get("/v1/events?project=demo").json()["rows"]] == [mine.event_id]
    assert reason(browser.get("/v1/events?project=other"))[0] == 403


def test_every_officer_sees_how_matching_stands_and_alerts_of_their_own_project_whole(console):
    fill(console)
    answer = console.signed_in("iris").get("/v1/record?project=demo")
    mine, others = answer.json(), console.signed_in("otto").get("/v1/record?project=other").json()
    assert mine["matching"] == others["matching"]
    assert (mine["matching"]["state"], mine["matching"]["matched"]["login"]) == ("current", 41)
    assert ([it["rule"] for it in others["alerts"]], len(mine["alerts"])) == ([], 3)
    assert [it["process"] for it in mine["platform_alerts"]] == ["", "shipper.platform", ""]
    assert mine["platform_alerts"][2]["rule"] == "repeated-denials"
    assert set(mine["playbooks"]) == {"odd-labeling", "unannounced-use"}
    assert "otto" not in answer.text


def test_who_may_stop_the_project_sees_its_incidents_and_its_authors_do_not(console):
    fill(console)
    answer = console.signed_in("grace").get("/v1/incidents?project=demo").json()
    assert ([it["id"] for it in answer["incidents"]], answer["works"]) == ([OPEN, CLOSED], True)
    assert console.signed_in("iris").get("/v1/incidents?project=demo").json()["works"] is False
    assert reason(console.signed_in("ada").get("/v1/incidents?project=demo")) == (403, "not_permitted")


def test_looking_at_an_incident_is_on_the_audit_with_its_name_and_what_is_unknown_each_time(console):
    fill(console)
    browser = console.signed_in("olga")
    assert browser.get(f"/v1/incidents?project=demo&id={OPEN}").json()["orders"][0]["obeyed"]
    for _ in range(2):
        assert reason(browser.get("/v1/incidents?project=demo&id=Zorvik")) == (404, "unknown")
    looks = console.diary.of(EventType.CONSOLE_LOOKED)
    assert [(it.details["view"], it.details.get("filters"), it.parents) for it in looks] == [
        ("incidents", None, (f"incident/{OPEN}",)),
        *[("incidents", "unknown", ())] * 2,
    ]
    assert {it.details["rule"] for it in looks} == {"incident-workers"}
    assert "Zorvik" not in str(console.diary.events)


@pytest.mark.parametrize("person", ["ann", "nobody"])
def test_who_holds_no_such_duty_is_not_let_in(console, person):
    browser = console.browser()
    answer = browser.sign_in(console.provider, person)
    assert answer.headers["location"].startswith("/?problem=")
    assert browser.get("/v1/me").status_code == 401
    (denied,) = wait_for(lambda: console.diary.of(EventType.CONSOLE_DENIED), "the refusal")
    assert denied.person == person


def test_an_officer_who_also_signs_is_not_let_in(console):
    both = Persons(("iris", "ada"), ("grace",), (), (), officers=("iris",))
    console.projects = {"demo": Project("demo", "tests", 1, {}, both)}
    answer = console.browser().sign_in(console.provider, "iris")
    assert answer.headers["location"] == "/?problem=conflicting_duties"


def test_no_second_factor_no_session(console):
    browser = console.browser()
    location = browser.begin()
    answer = browser.come_back(location, console.provider.fail(IdTokenFault.NO_SECOND_FACTOR))
    assert answer.headers["location"] == "/?problem=no_second_factor"


def test_signing_in_and_looking_are_on_the_audit_before_anything_is_shown(console):
    browser = console.signed_in("iris")
    (entered,) = console.diary.of(EventType.CONSOLE_ENTERED)
    assert (entered.person, entered.purpose, entered.details["rule"]) == ("iris", "compliance", "officers")
    browser.get("/v1/metrics?project=demo")
    browser.get("/v1/metrics?project=demo")
    browser.get("/v1/events?person=Zorvik&type=task.")
    looks = console.diary.of(EventType.CONSOLE_LOOKED)
    told = [(it.details["view"], it.details.get("filters")) for it in looks]
    assert told == [("metrics", None), ("events", "type person")]
    assert "Zorvik" not in str(console.diary.events)


def test_without_the_audit_nothing_is_shown_and_nobody_comes_in(console):
    fill(console)
    browser = console.signed_in("iris")
    console.diary.away = True
    for path in READING:
        answer = browser.get(path)
        assert reason(answer) == (503, "audit_unavailable"), path
    later = console.browser().sign_in(console.provider, "iris")
    assert later.headers["location"] == "/?problem=signin_unavailable"


def test_what_somebody_typed_is_in_no_event_and_no_error(console):
    browser = console.signed_in("iris")
    for path in (
        "/v1/lineage?project=demo&id=Zorvik",
        "/v1/access?project=demo&person=Zorvik",
        "/v1/events?project=Zorvik",
        "/v1/Zorvik",
        "/v1/metrics?project=demo&windows=Zorvik",
        "/v1/metrics?project=demo&days=Zorvik",
    ):
        assert "Zorvik" not in browser.get(path).text
    assert "Zorvik" not in str(console.diary.events)


def test_new_events_wake_who_waits(console):
    browser = console.signed_in("iris")
    first = console.event()
    assert [row["id"] for row in browser.get("/v1/events").json()["rows"]] == [first.event_id]
    begun = time.monotonic()
    later = threading.Timer(0.3, console.event, args=[EventType.TASK_REPORTED])
    later.start()
    rows = browser.get("/v1/events?after=1&wait=20").json()["rows"]
    later.join()
    assert [row["type"] for row in rows] == ["task.reported"]
    assert time.monotonic() - begun < 10


def test_a_session_ends_with_its_duty(console_with):
    console = console_with(settings=ConsoleSettings(sessions=SessionSettings(sweep_s=0.01)))
    browser = console.signed_in("iris")
    console.projects = {"demo": Project("demo", "tests", 1, {}, Persons(("ada",), ("grace",), (), ()))}
    left = wait_for(lambda: console.diary.of(EventType.CONSOLE_LEFT), "the end")
    assert (left[0].person, left[0].reason) == ("iris", Ending.REVOKED.value)
    assert reason(browser.get("/v1/me")) == (401, "session_revoked")


def test_who_is_revoked_leaves_and_does_not_come_back(console_with):
    console = console_with(settings=ConsoleSettings(sessions=SessionSettings(sweep_s=0.01)))
    browser = console.signed_in("iris")
    console.revoked.add(("demo", "iris"))
    wait_for(lambda: console.diary.of(EventType.CONSOLE_LEFT), "the end")
    assert reason(browser.get("/v1/me")) == (401, "session_revoked")
    assert console.browser().sign_in(console.provider, "iris").headers["location"] == "/?problem=revoked"


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(console):
    browser = console.signed_in("iris")
    cookie = browser.http.cookies["veil-console"]
    assert browser.post("/signout").status_code == 204
    other = console.browser()
    other.http.cookies.set("veil-console", cookie)
    assert reason(other.get("/v1/me"))[0] == 401
    assert [it.reason for it in console.diary.of(EventType.CONSOLE_LEFT)] == ["signed_out"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"sec_fetch_site": "cross-site"},
        {"x_veil_csrf": "wrong"},
        {"x_veil_csrf": ""},
    ],
)
@pytest.mark.parametrize("path", ["/v1/here", "/signout"])
def test_a_forged_call_does_nothing(console, path, headers):
    browser = console.signed_in("iris")
    assert browser.post(path, **headers).status_code == 403
    assert browser.get("/v1/me").status_code == 200


def test_other_sites_get_no_answer_to_read(console):
    browser = console.signed_in("iris")
    assert browser.get("/v1/me", sec_fetch_site="cross-site").status_code == 403
    for path in ("/", "/v1/me", "/page/app.js"):
        answer = browser.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_labels_cookie_opens_nothing_here_and_two_of_ours_neither(console):
    browser = console.signed_in("iris")
    cookie = browser.http.cookies["veil-console"]
    other = console.browser()
    assert reason(other.get("/v1/me", cookie=f"veil={cookie}"))[0] == 401
    assert reason(other.get("/v1/me", cookie=f"veil-console={cookie}; veil-console={cookie}")) == (
        400,
        "bad_cookie",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/events?limit=501", "/v1/events?limit=-1", "/v1/events?after=1e9", "/v1/events?wait=26",
        "/v1/events?after=99999999999999999999", "/v1/events?type=a&type=b", f"/v1/events?person={'x' * 201}",
        "/v1/events?person=%00", "/v1/metrics", "/v1/metrics?project=demo&days=91", "/v1/lineage?project=demo",
        "/v1/metrics?project=demo&windows=year",
    ],
)  # fmt: skip
def test_odd_queries_are_refused(console, path):
    browser = console.signed_in("iris")
    assert reason(browser.get(path)) == (400, "bad_request")


def test_too_many_calls_are_slowed_down(console_with):
    console = console_with(settings=ConsoleSettings(calls_per_minute=60, calls_burst=5))
    browser = console.signed_in("iris")
    answers = [browser.get("/v1/me").status_code for _ in range(8)]
    assert 429 in answers
    assert answers[0] == 200


def test_a_picture_is_for_the_session_that_asked(console):
    browser = console.signed_in("iris")
    address = browser.get("/v1/lineage?project=demo&id=task/known").json()["picture"]
    answer = browser.get(address)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "drawn" in answer.text
    console.projects["other"] = Project("other", "tests", 1, {}, OFFICERS)
    assert console.signed_in("iris").get(address).status_code == 404
    assert console.browser().get(address).status_code == 401


def test_unknown_things_are_404_in_words(console):
    browser = console.signed_in("iris")
    for _ in range(2):  # each time: whoever tries names out is seen to
        assert reason(browser.get("/v1/lineage?project=demo&id=task/other")) == (404, "unknown")
    looks = console.diary.of(EventType.CONSOLE_LOOKED)
    assert [(it.details["view"], it.details["filters"]) for it in looks] == [("lineage", "unknown")] * 2
    assert reason(browser.get("/v1/nothing")) == (404, "not_found")
    assert browser.post("/v1/events").status_code == 405
