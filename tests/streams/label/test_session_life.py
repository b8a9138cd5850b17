"""How a session goes on, what it is bound to, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from streams.label.settings import QueueSettings
from streams.web.signin import SignInFault
from tests.streams.label.site import LEASES, PERSONS, PROJECT, QUICK, STILL, error, problem
from tests.support.waiting import wait_for
from topology.project import Persons

# -- the end


@pytest.mark.parametrize(
    ("pass_ms", "reason"), [(STILL.idle_ms, "session_idle"), (STILL.life_ms, "session_expired")]
)
def test_session_ends_by_the_clock(site, pass_ms, reason):
    browser = site.signed_in()
    site.api.clock.ms += pass_ms - 1
    if reason == "session_idle":
        assert browser.get("/v1/me").status_code == 200  # reading doesn't count as work
    site.api.clock.ms += 1
    assert error(browser.get("/v1/me")) == (401, reason)
    assert error(browser.post(LEASES)) == (401, reason)


def test_work_keeps_a_session_and_so_do_heartbeats_of_who_reads_on(site_with, make_task):
    site = site_with(queue=QueueSettings(page_lease_ms=STILL.life_ms))
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    site.api.clock.ms += STILL.idle_ms - 1
    lease = browser.post(LEASES).json()
    site.api.clock.ms += STILL.idle_ms - 1
    beat = f"/v1/leases/{lease['lease_id']}/heartbeat", {"fencing_token": lease["fencing_token"]}
    assert browser.post(*beat).status_code == 200
    site.api.clock.ms += STILL.idle_ms - 1
    assert browser.post(*beat).status_code == 200
    site.api.clock.ms += STILL.idle_ms
    assert error(browser.post(*beat)) == (401, "session_idle")


def ended(site):
    return [(event.person, event.reason) for event in site.events(EventType.SESSION_ENDED)]


def pass_time(site):
    site.api.clock.ms += QUICK.idle_ms


def revoke(site):
    site.project = replace(PROJECT, persons=replace(PERSONS, annotators=("bob",)))


def give_another_duty(site):
    site.project = replace(PROJECT, persons=replace(PERSONS, authors=("ann",)))


def freeze(site):
    site.frozen = True


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (pass_time, "session_idle"),
        (revoke, "session_revoked"),
        (give_another_duty, "session_revoked"),
        (freeze, "project_frozen"),
    ],
)
def test_session_ends_by_itself_and_gives_the_task_back(site_with, make_task, end, reason):
    site = site_with(QUICK, queue=QueueSettings(page_lease_ms=QUICK.life_ms))
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    browser.post(LEASES)
    end(site)
    wait_for(lambda: ended(site) == [("ann", reason)], "the session's end is on the audit")
    assert error(browser.get("/v1/me")) == (401, reason)
    assert [event.person for event in site.events(EventType.TASK_RELEASED)] == ["ann"]


def test_end_whose_commit_is_in_doubt_is_said_again(site_with):
    site = site_with(QUICK)
    browser = site.signed_in()
    site.api.loop.in_doubt = True
    answer = browser.post("/signout")
    assert error(answer) == (503, "in_doubt")
    assert "set-cookie" not in answer.headers
    assert error(browser.get("/v1/me")) == (401, "signed_out")
    wait_for(lambda: len(ended(site)) > 2, "the end is said until it is committed for certain")


def test_sign_out_forgets_the_cookie(site):
    browser = site.signed_in()
    assert browser.post("/signout").headers["set-cookie"] == "veil=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    assert error(browser.get("/v1/me")) == (401, "signed_out")
    assert error(browser.post("/signout")) == (401, "signed_out")


# -- purpose and batch


def test_session_is_bound_to_the_batch_that_was_asked_for(site):
    browser = site.browser()
    location = browser.get("/signin?batch=week-48").headers["location"]
    browser.come_back(location, site.provider.vouch(location, "ann"))
    me = browser.get("/v1/me").json()
    assert (me["purpose"], me["batch"]) == ("labeling", "week-48")
    assert site.events(EventType.SESSION_STARTED)[0].details["batch"] == "week-48"


def test_adjudicators_are_here_to_adjudicate_and_whoever_names_no_batch_works_on_all(site):
    me = site.signed_in("zoe").get("/v1/me").json()
    assert (me["purpose"], me["batch"]) == ("adjudication", "")


@pytest.mark.parametrize("query", ["batch=", "batch=a/b", "batch=%0d%0ax", "batch=a&batch=b", "batch=" + "b" * 65])
def test_what_is_no_name_of_a_batch_is_refused(site, query):
    assert problem(site.browser().get(f"/signin?{query}")) is SignInFault.BAD_BATCH


def test_a_batch_that_the_project_does_not_name_gets_nobody_in_and_is_not_on_the_audit(site):
    browser = site.browser()
    location = browser.get("/signin?batch=jane-miller").headers["location"]
    answer = browser.come_back(location, site.provider.vouch(location, "ann"))
    assert problem(answer) is SignInFault.BAD_BATCH
    site.heard()
    assert "jane-miller" not in str(site.api.loop.events)
    assert site.events(EventType.SESSION_STARTED) == []


def test_batch_is_kept_where_a_browser_is_sent_to_the_right_address(site):
    answer = site.browser().get("/signin?batch=b1", Host="localhost")
    assert answer.headers["location"] == f"{site.origin}/signin?batch=b1"


def test_session_ends_when_its_batch_is_done(site_with):
    site = site_with(QUICK)
    browser = site.browser()
    location = browser.get("/signin?batch=b1").headers["location"]
    browser.come_back(location, site.provider.vouch(location, "ann"))
    other = site.signed_in("bob")
    site.complete = "b1"
    wait_for(lambda: ended(site) == [("ann", "session_completed")], "the session's end is on the audit")
    assert error(browser.get("/v1/me")) == (401, "session_completed")
    assert other.get("/v1/me").status_code == 200


def test_session_ends_when_its_person_is_here_for_something_else_now(site_with):
    site = site_with(QUICK)
    site.signed_in()
    site.project = replace(PROJECT, persons=Persons((), (), (), (), ("ann",)))
    wait_for(lambda: ended(site) == [("ann", "session_revoked")], "the session's end is on the audit")
