"""A compliance officer before the console: signs in, watches, narrows down, reads plots, follows a record."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from schemas.audit import EventType
from schemas.control import lift_body
from schemas.quarantine_release import QuarantineRelease, ReleaseReason, release_body
from streams.engine.messages import Message
from tests.streams.console.site import NOTHING_SIGNED, NOWHERE, OPEN, match
from tests.support.waiting import wait_for

WIDTHS = {360: 740, 1280: 860, 3840: 2100}
VIEWS = {
    "events": ".row",
    "metrics": ".canvas svg",
    "record": "table",
    "lineage": ".ask",
    "incidents": ".signed button",
    "signatures": ".panel",
}
TABS = "[...document.querySelectorAll('#tabs a')].map((one) => one.textContent)"
SHOTS = "VEIL_SHOTS"
"""A folder: pictures of every view go there, for somebody to look at."""


@pytest.fixture(params=["light", "dark"])
def scheme(request, seat):
    seat.scheme(request.param)
    yield request.param
    seat.scheme("")


@pytest.fixture
def resize(seat):
    yield seat.resize
    seat.unsized()


def trace(seat, text="task/known"):
    field = seat.find(".ask input")
    field.clear()
    field.send_keys(text, Keys.ENTER)
    seat.there(".picture img")


def rows(seat):
    return seat.ask("[...document.querySelectorAll('.row')].map((row) => row.querySelector('.kind').textContent)")


def shoot(seat, name):
    if SHOTS in os.environ:
        width, height = seat.ask("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        whole = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        shot = seat.browser.execute_cdp_cmd("Page.captureScreenshot", whole)
        Path(os.environ[SHOTS], f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_inaccessible_or_wider_than_the_window(seat, scheme, resize, width):
    """Every view, one after the other."""
    resize(width, WIDTHS[width])
    seat.open()
    found = {"signed out": seat.violations()}
    seat.sign_in()
    for view, ready in VIEWS.items():
        seat.view(view)
        seat.there(ready)
        if view == "events":
            seat.run("document.querySelector('.row').click()")  # rows are drawn anew at any moment
            seat.there(".detail dl")
        if view == "lineage":
            trace(seat)
            seat.wait("document.querySelector('.picture img').complete", "the picture is drawn")
        if view == "incidents":
            seat.click(".signed button")
            seat.there(".timeline li")
        found[view] = seat.violations()
        assert seat.ask("document.documentElement.scrollWidth <= innerWidth"), view
        shoot(seat, f"{view}-{width}-{scheme}")
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_new_events_appear_by_themselves_newest_first_and_a_pause_holds_them(seat, site):
    seat.sign_in()
    seat.there(".row")
    site.event(EventType.TASK_REPORTED)
    seat.wait("document.querySelector('.row .kind').textContent === 'task.reported'", "the new event is on top")
    seat.click(".pause")
    site.event(EventType.POLICY_PUBLISHED)
    seat.says("1 new while paused", ".said-line")
    assert rows(seat)[0] == "task.reported"
    seat.click(".pause")
    seat.wait("document.querySelector('.row .kind').textContent === 'policy.published'", "it goes on")


def test_filters_narrow_the_tail_down(seat):
    seat.sign_in()
    seat.there(".row")
    seat.find(".filters input").send_keys("verdict.")
    seat.wait(
        "[...document.querySelectorAll('.row .kind')].every((one) => one.textContent === 'verdict.reached')",
        "verdicts",
    )
    seat.find(".filters input").clear()
    seat.click(".filters input[type=checkbox]")
    seat.there(".row .bad")
    assert set(rows(seat)) <= {"access.denied", "verdict.reached"}


def test_ten_thousand_events_hold_few_rows_in_the_document(seat, site):
    for _ in range(10_000):
        site.event()
    seat.sign_in()
    seat.there(".row")
    for _ in range(3):
        seat.run("document.querySelector('.rows').scrollTop += 4000; await new Promise(requestAnimationFrame)")
        assert 0 < seat.ask("document.querySelectorAll('.row').length") < 100


def test_keys_walk_the_tail_and_open_events(seat):
    seat.sign_in()
    seat.there(".row")
    seat.run("document.querySelector('.rows').focus()")
    seat.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    seat.there(".row[aria-selected=true]")
    assert seat.ask("document.querySelector('.rows').getAttribute('aria-activedescendant')") == seat.ask(
        "document.querySelectorAll('.row')[1].id"
    )
    assert seat.text_of(".detail h2") == rows(seat)[1]


def test_plots_have_gaps_as_gaps_and_small_counts_marked(seat):
    seat.sign_in()
    seat.view("metrics")
    seat.there(".plot[aria-label=Throughput] path.line")
    line = "document.querySelector('.plot[aria-label=Throughput] path.line')"
    moves = seat.ask(f"{line}.closest('g').querySelectorAll('path').length")
    assert moves == 2  # two hours are missing: the line is cut there
    seat.there(".plot[aria-label=Refusals] circle.few")
    assert "limit 2 %" in seat.text_of(".plot[aria-label='Live leak bound']")


def test_arrow_keys_read_a_plot_and_the_table_has_its_numbers(seat):
    seat.sign_in()
    seat.view("metrics")
    seat.there(".plot[aria-label=Agreement] svg[role=img]")
    seat.run("document.querySelector('.plot[aria-label=Agreement] svg[role=img]').focus()")
    seat.press(Keys.HOME)
    for _ in range(4):
        seat.press(Keys.ARROW_RIGHT)
    seat.says("UTC", ".plot[aria-label=Agreement] .readout")
    assert "0." in seat.text_of(".plot[aria-label=Agreement] .readout b")
    seat.click(".plot[aria-label=Refusals] summary")
    seat.there(".plot[aria-label=Refusals] tbody tr")
    assert "fewer than 10" in seat.text_of(".plot[aria-label=Refusals] tbody")


def test_a_busy_log_is_asked_for_twice_a_second_and_no_more(seat, site):
    asked, rows = [], site.board.rows

    def always_more(*wanted):
        page = rows(*wanted)
        asked.append(time.monotonic())
        site.event()
        return page

    site.board.rows = always_more
    seat.sign_in()
    wait_for(lambda: len(asked) > 4, "calls for news")
    assert asked[4] - asked[0] >= 4 * 0.5
    assert site.settings.calls_per_minute >= 5 * 60 / 0.5


def test_record_says_what_holds_what_is_wrong_and_what_to_do(seat, site):
    seat.sign_in()
    seat.view("record")
    seat.says("All 5 logs are sealed", ".verdict")
    seat.says("no witness configured", ".record")
    seat.click(".own .alert summary")
    seat.says("Ask who it was", ".alert[open] .playbook")
    site.board.checkpoint("veilstream-test/audit.demo/1", None, site.clock.now())
    seat.says("has not signed", ".verdict.bad")


def test_a_log_that_nobody_seals_is_seen_beside_those_that_hold(seat, site):
    event = site.event()
    site.board.event(Message("audit.demo", 9, 1, b"", b"", {}, event.time), event)
    seat.sign_in()
    seat.view("record")
    seat.says("audit.demo/9", ".record table")
    seat.says("no checkpoint", ".record td.warn")
    seat.says("1 of 6 logs has no checkpoint yet", ".verdict.warn")


def test_who_is_silent_or_behind_in_matching_is_seen_at_a_glance(seat, site):
    now = site.clock.now()
    match(site, now)
    seat.sign_in()
    seat.view("record")
    seat.says("matched with the audit up to minutes ago", ".verdict + .verdict.good")
    seat.says("20,480", ".matching table")
    seat.says("shipper.platform", ".platform .alert + .alert")
    seat.says("repeated-denials", ".platform .alert:last-child")
    assert "otto" not in seat.text_of(".record")
    seat.click(".platform .alert summary")
    seat.says("Which identity, which key", ".platform .alert[open] .playbook")
    seat.run("document.querySelector('.platform .alert[open] summary').focus()")
    match(site, now, vault_until=now - 90_000)
    seat.says("own log is silent", ".verdict + .verdict.bad")
    assert seat.ask("document.activeElement.closest('details[open]') !== null")  # drawn anew, and still there
    match(site, now, judged_until=now - 400_000)
    seat.says("is behind", ".verdict + .verdict.warn")


def test_an_incident_says_what_is_done_what_was_obeyed_and_what_closing_needs(seat):
    seat.sign_in("olga")
    seat.view("incidents")
    seat.says("1 of 7 steps done, no evidence put aside", ".signed")
    seat.click(".signed button")
    seat.says("grace", ".steps li")
    seat.says("redact.demo after 1 s", ".incidents table")
    seat.says("evidence is not put aside yet", ".signers")
    seat.says(f"veil incident step {OPEN} 2 --as olga --project demo", ".incidents")
    assert seat.ask("document.querySelectorAll('.timeline li').length") == 5
    seat.click(".actions button")
    seat.there(".signed + .signed button")
    seat.click(".signed + .signed button")
    seat.says("changed: demo@3", ".signers")


def test_incidents_that_could_not_be_read_are_read_again(seat, site):
    seat.sign_in()
    site.incidents.failures = 1
    seat.view("incidents")
    seat.says("It is tried again by itself", ".incidents")
    seat.says("1 of 7 steps done", ".signed")
    assert site.incidents.failures == 0


def test_an_officer_reads_an_incident_and_is_told_no_command(seat):
    seat.sign_in()
    seat.open(f"/#incidents?project=demo&id={OPEN}")
    seat.there(".timeline li")
    assert "--as iris" not in seat.text_of(".incidents")


def test_an_id_of_the_tail_leads_to_its_lineage(seat, site):
    site.event(resource="task/known")
    seat.sign_in()
    seat.there(".row")
    seat.run("document.querySelector('.row').click()")  # rows are drawn anew at any moment
    seat.click(".detail button.id")
    seat.there(".picture img")
    seat.wait("document.querySelector('.picture img').naturalWidth > 0", "the picture is drawn")
    assert seat.text_of(".tree .asked") == "task known"
    looked = [event for event in site.diary.of(EventType.CONSOLE_LOOKED) if event.parents]
    assert [(event.person, event.parents) for event in looked] == [("iris", ("task/known",))]


def test_what_a_person_has_seen(seat):
    seat.sign_in()
    seat.view("lineage")
    seat.find(".ask + .ask input").send_keys("ann", Keys.ENTER)
    seat.says("1 × view", ".result")


def test_whoever_is_signed_out_elsewhere_is_told(seat, site):
    seat.sign_in()
    seat.there(".row")
    elsewhere = site.browser()
    elsewhere.http.get(elsewhere.begin(), headers={"sec-fetch-site": "cross-site"})
    site.event()
    seat.says("signed in somewhere else", "#card-text")
    assert seat.ask("document.querySelector('#view').childElementCount") == 0


def test_nobody_sees_anything_while_the_audit_is_away(seat, site):
    seat.sign_in()
    seat.there(".row")
    site.diary.away = True
    seat.view("record")
    seat.says("nobody looks unseen", "#banner")
    assert not seat.ask("document.querySelector('.record table')")


def test_who_signs_sees_signatures_alone(seat):
    seat.sign_in("ada")
    assert seat.ask(TABS) == ["Signatures"]


def test_who_may_stop_the_project_sees_its_incidents_as_well(seat):
    seat.sign_in("grace")
    assert seat.ask(TABS) == ["Incidents", "Signatures"]


PENDING = {
    "kind": "policy",
    "target": "d" * 64,
    "version": 4,
    "name": "demo@4",
    "signatures": [{"signer": "grace", "at": 1_795_700_000_000}],
    "missing": [{"role": "author", "persons": ["ada"]}],
    "state": "pending",
    "changes": [{"path": "fields.note", "old": "drop", "new": "detect", "effect": "shows_more"}],
    "readable": True,
    "signable": True,
    "against": "demo@3",
}


ELSEWHERE = replace(NOWHERE, endpoint="/page/icon.svg", wanted=lambda *_: ("demo@4", b"{}"))
"""A place to sign that is no more than a file of the page."""


@pytest.mark.parametrize("signing", [ELSEWHERE])
def test_who_is_missing_sees_what_changes_and_goes_where_it_is_signed(seat, site, signing):
    site.signatures = {**NOTHING_SIGNED, "policies": [PENDING]}
    seat.sign_in("ada")
    seat.says("shows more", ".diff")
    seat.says("missing: author (ada)", ".signers")
    assert seat.violations() == []
    shoot(seat, "signing-1280")
    seat.click(".signed button.primary")
    seat.wait("location.pathname === '/page/icon.svg'", "the page has gone to sign")
    key = f"policy/demo/{'d' * 64}/ada"
    assert seat.ask("new URLSearchParams(location.search).get('key')") == key


FREEZE = {
    "kind": "lift",
    "target": "contain.demo",
    "name": "freeze by contain.demo",
    "version": 1_795_700_000_000,
    "stages": ["label", "redact"],
    "reason": "incident",
    "signatures": [{"signer": "olga"}],
    "missing": [{"role": "approver", "persons": ["grace"]}],
    "state": "pending",
    "signable": True,
}


@pytest.mark.parametrize("signing", [replace(ELSEWHERE, wanted=lambda *_: ("freeze", lift_body(7)))])
def test_who_is_missing_signs_that_a_freeze_is_over_where_policies_are_signed(seat, site, signing):
    site.signatures = {**NOTHING_SIGNED, "freezes": [FREEZE]}
    seat.sign_in("grace")
    seat.view("signatures")
    seat.says("contain.demo has stopped label and redact (incident)", ".verdict.bad")
    seat.says("olga has signed that it is over", ".signers")
    assert seat.violations() == []
    shoot(seat, "freeze-1280")
    seat.click(".signed button.primary")
    seat.wait("location.pathname === '/page/icon.svg'", "the page has gone to sign")
    asked = "new URLSearchParams(location.search)"
    assert seat.ask(f"{asked}.get('key')") == "lift/demo/contain.demo/grace"
    assert seat.ask(f"{asked}.get('up_to')") == "7"


RELEASE = {
    "kind": "release",
    "target": "0.17.1",
    "name": "raw.demo/0/17",
    "version": 3,
    "revision": 1,
    "reason": "accepted_risk",
    "in_spite": True,
    "signatures": [{"signer": "olga", "at": 1_795_700_000_000}],
    "missing": [{"role": "approver", "persons": ["grace"]}],
    "state": "pending",
    "signable": True,
}
ORDER = QuarantineRelease(0, 17, 1, 3, ReleaseReason.ACCEPTED_RISK)


@pytest.mark.parametrize("signing", [replace(ELSEWHERE, wanted=lambda *_: ("raw.demo/0/17", release_body(ORDER)))])
def test_who_is_missing_signs_that_a_record_leaves_quarantine(seat, site, signing):
    site.signatures = {**NOTHING_SIGNED, "releases": [RELEASE]}
    seat.sign_in("grace")
    seat.view("signatures")
    seat.says("raw.demo/0/17", ".signed h3")
    seat.says("revision 1, under policy version 3, because: accepted_risk", ".signed .hash")
    seat.says("Its risk threshold is set aside", ".signed")
    seat.says("olga, ", ".signers")
    assert seat.violations() == []
    shoot(seat, "release-1280")
    seat.click(".signed button.primary")
    seat.wait("location.pathname === '/page/icon.svg'", "the page has gone to sign")
    asked = "new URLSearchParams(location.search)"
    assert seat.ask(f"{asked}.get('key')") == "release/demo/0.17.1/grace"
    assert seat.ask(f"{asked}.get('reason')") == "accepted_risk"


def test_a_release_that_is_not_signed_here_tells_the_command(seat, site):
    site.signatures = {**NOTHING_SIGNED, "releases": [{**RELEASE, "signable": False}]}
    seat.sign_in("grace")
    seat.view("signatures")
    seat.says("veil quarantine release raw.demo/0/17 --reason accepted_risk --project demo --as grace", ".signed")


def test_keepers_freeze_is_ended_by_command_and_an_impossible_time_is_a_number(seat, site):
    keepers = {**FREEZE, "target": "keeper.demo", "version": 2**60, "signable": False}
    site.signatures = {**NOTHING_SIGNED, "freezes": [keepers]}
    seat.sign_in("grace")
    seat.view("signatures")
    seat.says("veil contain resume --of keeper --project demo --as grace", ".signed")
    seat.says("ms UTC", ".signed .hash")


def test_a_signature_that_is_not_taken_is_told_and_stays_told(seat):
    seat.sign_in("ada")
    seat.open("/?problem=bad_signature")
    seat.there(".panel")
    seat.says("Nothing was signed", "#banner")
    seat.run("(await fetch('/v1/me')).ok")  # calls that get through leave it there
    assert not seat.ask("document.querySelector('#banner').hidden")


def test_who_has_nowhere_to_sign_is_told_the_command(seat, site):
    site.signatures = {**NOTHING_SIGNED, "policies": [PENDING]}
    seat.sign_in("ada")
    seat.says("veil policy sign FILE.yaml --as ada", ".signed")


def test_sign_out_leaves_nothing_behind(seat):
    seat.sign_in()
    seat.there(".row")
    seat.click("#sign-out")
    seat.says("You are signed out", "#card-text")
    assert seat.ask("document.cookie + localStorage.length + sessionStorage.length") == "00"
