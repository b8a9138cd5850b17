"""The project's rules at the door of the API: what they refuse, what the audit says, what becomes of sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import jwt
import pytest

from schemas.audit import EventType
from streams.label.settings import ApiSettings
from streams.label.signin import SignInSeams
from streams.web.settings import SessionSettings
from tests.streams.label.conftest import GUIDANCE, PROJECT
from tests.streams.label.site import error, heard
from tests.support.browser import Browser, VouchingProvider
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for
from topology.jobs import Job
from topology.project import Persons
from topology.project_access import Access
from topology.qualifications import Qualification
from topology.working_hours import WorkingHours

LEASES = "/v1/projects/demo/leases"
PERSONS = Persons(("ada",), ("grace",), ("issuer", "olga"), ("ann", "ben"), ("judge",), {"issuer-app": ("ann",)})
DEMO = replace(PROJECT, persons=PERSONS)
NEVER = WorkingHours(ZoneInfo("UTC"), frozenset({1}), time(0), time(0, 1))
CALLS = [
    ("POST", LEASES, {}),
    *(
        ("POST", f"/v1/leases/{1:032x}-1/{call}", {})
        for call in ("heartbeat", "label", "skip", "release", "report", "hint", "comments", "attempt")
    ),
    ("GET", f"/v1/leases/{1:032x}-1/comments?fencing_token=1", None),
    ("GET", "/v1/projects/demo/comments", None),
    ("GET", f"/v1/projects/demo/tasks/{1:032x}/comments", None),
    ("POST", f"/v1/projects/demo/tasks/{1:032x}/comments", {}),
    ("POST", "/v1/projects/demo/onboarding/0", {}),
    ("GET", "/v1/projects/demo/stats", None),
    ("GET", "/v1/projects/demo/guide", None),
    ("GET", "/v1/me", None),
]


def trained(until, **access):
    return replace(DEMO, access=Access(**access), qualifications={"ann": Qualification(until)})


def day(api):
    return datetime.fromtimestamp(api.clock.ms // 1000, UTC).date()


def denials(api):
    heard(api)
    return [event for event in api.loop.events if event.type is EventType.ACCESS_DENIED]


@pytest.fixture
def api(api_with):
    api = api_with()
    api.project = DEMO
    return api


def as_app(api, person="ann", app="issuer-app", **claims):
    """A token of that app: of the same key, under another name than the operator's."""
    signed = api.token(person, **({"iss": app} | claims))
    content = jwt.decode(signed, options={"verify_signature": False})
    return jwt.encode(content, api.key, "EdDSA", headers={"kid": app})


# -- tokens


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize(
    ("person", "reason", "rules"),
    [
        ("eve", "not_permitted", ""),
        ("ada", "not_permitted", ""),
        ("both", "conflicting_duties", "conflicting-duties"),
    ],
)
def test_every_call_asks_the_rules(api, method, path, body, person, reason, rules):
    api.project = replace(DEMO, persons=replace(PERSONS, annotators=("both",), approvers=("both",)))
    answer = api.call(path, body, person, method=method, Idempotency_Key="k")
    assert error(answer) == (403, reason)
    (denied,) = denials(api)
    assert (denied.reason, denied.person, denied.resource) == (reason, person, "project/demo")
    assert denied.details.get("rule", "") == rules
    assert denied.details["action"]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize("revoked", ["ann", "issuer"])
def test_every_call_of_who_is_revoked_or_with_a_token_of_theirs_is_refused_by_name(
    api, method, path, body, revoked
):
    api.revoked.add(revoked)
    assert error(api.call(path, body, "ann", method=method, Idempotency_Key="k")) == (403, "revoked")
    (denied,) = denials(api)
    assert (denied.reason, denied.person, denied.details["rule"]) == ("revoked", "ann", "revoked")


def test_person_taken_off_the_file_is_refused_with_a_token_that_holds(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease("ann")
    api.project = replace(DEMO, persons=replace(PERSONS, annotators=("ben",), apps={}))
    assert error(api.label(lease, "ann")) == (403, "not_permitted")
    assert api.loop.labels() == []


def test_while_the_file_can_not_be_read_nobody_may_do_anything(api, make_task):
    api.loop.give(make_task(1))
    api.project = None
    assert error(api.call(LEASES, person="ann")) == (403, "not_permitted")
    assert api.opened == []


def test_training_that_is_over_refuses_at_the_end_of_its_day(api, make_task):
    api.loop.give(make_task(1))
    api.project = trained(day(api))
    lease = api.lease("ann")
    api.project = trained(day(api) - timedelta(days=1))
    assert error(api.call(LEASES, person="ann")) == (403, "not_trained")
    assert error(api.label(lease, "ann")) == (403, "not_trained")
    body = {"fencing_token": lease["fencing_token"], "reason": "personal_data"}
    assert api.call(f"/v1/leases/{lease['lease_id']}/report", body, "ann").status_code == 200
    assert {event.details["rule"] for event in denials(api)} == {"training"}


def test_device_is_what_the_token_says(api, make_task):
    api.loop.give(make_task(1))
    api.project = trained(None, devices=frozenset({"managed"}))
    assert error(api.call(LEASES, person="ann")) == (403, "wrong_device")
    token = {"Authorization": f"Bearer {api.token('ann', device=['desk-7', 'managed'])}"}
    assert api.http.post(api.url + LEASES, headers=token).status_code == 200


def test_after_hours_there_is_no_task_but_an_answer_is_taken(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease("ann")
    api.project = trained(None, hours=NEVER)
    assert error(api.call(LEASES, person="ann")) == (403, "outside_hours")
    beat = {"fencing_token": lease["fencing_token"]}
    assert error(api.call(f"/v1/leases/{lease['lease_id']}/heartbeat", beat, "ann")) == (403, "outside_hours")
    assert api.label(lease, "ann").status_code == 200


def test_own_rule_of_the_project_is_named_on_the_audit(api):
    rule = '@id("no-stats-for-ann") forbid (principal == Person::"ann", action == Action::"stats", resource);'
    api.project = trained(None, rules=rule)
    assert error(api.call("/v1/projects/demo/stats", person="ann", method="GET")) == (403, "not_permitted")
    assert api.call("/v1/projects/demo/stats", person="ben", method="GET").status_code == 200
    (denied,) = denials(api)
    assert denied.details == {"action": "stats", "rule": "no-stats-for-ann"}


def test_batch_that_is_asked_for_is_what_the_rules_see(api, make_task):
    when = 'unless { context.batch == "pilot" }'
    rule = f'@id("pilot-only") forbid (principal, action == Action::"lease", resource) {when};'
    api.project = trained(None, rules=rule)
    assert error(api.call(LEASES, person="ann")) == (403, "not_permitted")
    assert error(api.call(f"{LEASES}?batch=other", person="ann")) == (403, "not_permitted")
    api.loop.batches = frozenset({"pilot"})
    assert api.call(f"{LEASES}?batch=pilot", person="ann").status_code == 204


def test_refusals_by_the_rules_do_not_flood_the_audit(api):
    for _ in range(40):
        api.call(LEASES, person="eve")
    assert len(denials(api)) == ApiSettings().denials_per_minute


# -- which rule a view was allowed by


def test_view_says_by_which_rule_and_with_what(api, make_task):
    api.loop.give(make_task(1, overlap=2))
    api.lease("ben")
    api.http.post(api.url + LEASES, headers={"Authorization": f"Bearer {api.token('ann')}"})
    views = [event.details for event in api.loop.events if event.type is EventType.TASK_VIEWED]
    assert [(one["rule"], one["client"], one["job"]) for one in views] == [
        ("annotators", "operator issuer", "")
    ] * 2


def test_view_says_under_which_job(api, make_task):
    api.project = replace(DEMO, job=Job(3, b"{}", "c0ffee" * 10 + "cafe", signed=True))
    api.loop.give(make_task(1))
    api.lease("ben")
    (view,) = [event.details for event in api.loop.events if event.type is EventType.TASK_VIEWED]
    assert view["job"] == "c0ffeec0ffeec0ff"


# -- apps


@pytest.fixture
def app(api_with):
    """The API that knows the key of an app, too."""
    api = api_with(signers=("issuer", "issuer-app"))
    api.project = DEMO
    return api


def test_app_works_under_its_own_name_for_its_own_people(app, make_task):
    app.loop.give(make_task(1))
    answer = app.http.post(app.url + LEASES, headers={"Authorization": f"Bearer {as_app(app)}"})
    assert answer.status_code == 200
    (view,) = [event for event in app.loop.events if event.type is EventType.TASK_VIEWED]
    assert (view.person, view.details["client"]) == ("ann", "app issuer-app")


@pytest.mark.parametrize("person", ["ben", "judge", "issuer-app"])
def test_app_works_for_nobody_else(app, person):
    answer = app.http.post(app.url + LEASES, headers={"Authorization": f"Bearer {as_app(app, person)}"})
    assert error(answer) == (403, "not_permitted")


def test_app_taken_off_the_file_is_refused_with_a_token_that_holds(app):
    app.project = replace(DEMO, persons=replace(PERSONS, apps={}))
    answer = app.http.post(app.url + LEASES, headers={"Authorization": f"Bearer {as_app(app)}"})
    assert error(answer) == (403, "not_permitted")
    (denied,) = denials(app)
    assert denied.details["rule"] == "known-clients"


@pytest.mark.parametrize("issuer", ["issuer", "somebody", ""])
def test_nobody_signs_under_anothers_name(app, issuer):
    token = as_app(app, app="issuer-app", iss=issuer)
    answer = app.http.post(app.url + LEASES, headers={"Authorization": f"Bearer {token}"})
    assert error(answer) == (401, "bad_token")


def test_token_that_lives_too_long_is_no_token(app):
    now_s = app.clock.ms // 1000
    token = as_app(app, exp=now_s + ApiSettings().token_ttl_s + 1)
    answer = app.http.post(app.url + LEASES, headers={"Authorization": f"Bearer {token}"})
    assert error(answer) == (401, "bad_token")


# -- browsers


@pytest.fixture
def site(api_with):
    browsers = []

    class Site:
        def __init__(self):
            port = free_port()
            self.origin = f"http://127.0.0.1:{port}"
            self.provider = VouchingProvider()
            sessions = SessionSettings(sweep_s=0.01)
            seams = SignInSeams(self.origin, self.provider, lambda: False, sessions=sessions)
            self.api = api_with(ApiSettings(port=port, browser_calls_per_minute=60), signin=seams)
            self.api.project = DEMO

        def browser(self):
            browsers.append(Browser(self.origin))
            return browsers[-1]

        def signed_in(self, person="ann"):
            browser = self.browser()
            assert browser.sign_in(self.provider, person).headers["location"] == "/"
            return browser

    yield Site()
    for browser in browsers:
        browser.close()


@pytest.mark.parametrize(
    ("access", "reason", "rule"),
    [
        ({"training": True}, "not_trained", "training"),
        ({"devices": frozenset({"managed"})}, "wrong_device", "devices"),
        ({"hours": NEVER}, "outside_hours", "working-hours"),
    ],
)
def test_sign_in_is_refused_with_the_reason(site, access, reason, rule):
    site.api.project = trained(None, **access)
    browser = site.browser()
    assert browser.sign_in(site.provider, "ann").headers["location"] == f"/?problem={reason}"
    (denied,) = [event for event in denials(site.api) if event.person]
    assert (denied.person, denied.reason) == ("ann", reason)
    assert denied.details == {"action": "signIn", "rule": rule}


def test_who_is_revoked_can_not_sign_in(site):
    site.api.revoked.add("ann")
    assert site.browser().sign_in(site.provider, "ann").headers["location"] == "/?problem=revoked"
    (denied,) = [event for event in denials(site.api) if event.person]
    assert denied.details == {"action": "signIn", "rule": "revoked"}


def test_session_ends_when_its_person_is_revoked(site, make_task):
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    assert browser.post(LEASES).status_code == 200
    site.api.revoked.add("ann")
    assert error(browser.post(LEASES))[1] in ("revoked", "session_revoked")
    wait_for(lambda: EventType.SESSION_ENDED in site.api.loop.types(), "the session has ended")
    (ended,) = [event for event in site.api.loop.events if event.type is EventType.SESSION_ENDED]
    assert (ended.person, ended.reason) == ("ann", "session_revoked")
    assert error(browser.get("/v1/me")) == (401, "session_revoked")


def test_session_goes_on_from_the_device_it_began_on(site, make_task):
    site.api.project = trained(None, devices=frozenset({"managed"}))
    site.provider.devices = frozenset({"managed", "desk-7"})
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    assert browser.post(LEASES).status_code == 200
    (started,) = [event for event in site.api.loop.events if event.type is EventType.SESSION_STARTED]
    assert started.details["rule"] == "annotators"


def test_session_ends_when_its_training_does_and_the_task_goes_back(site, make_task):
    site.api.project = trained(day(site.api))
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    assert browser.post(LEASES).status_code == 200
    site.api.project = trained(day(site.api) - timedelta(days=1))
    wait_for(lambda: EventType.SESSION_ENDED in site.api.loop.types(), "the session has ended")
    (ended,) = [event for event in site.api.loop.events if event.type is EventType.SESSION_ENDED]
    assert ended.reason == "not_trained"
    assert EventType.TASK_RELEASED in site.api.loop.types()
    assert error(browser.post(LEASES)) == (401, "not_trained")


def test_session_stays_after_hours_without_a_new_task(site):
    browser = site.signed_in()
    site.api.project = trained(None, hours=NEVER)
    assert error(browser.post(LEASES)) == (403, "outside_hours")
    assert browser.get("/v1/me").status_code == 200


def test_one_person_has_one_allowance_whatever_they_call_with(site):
    browser = site.signed_in()
    site.api.clock.ms += 60_000
    burst = ApiSettings().calls_burst_s
    for _ in range(burst):
        assert browser.get("/v1/me").status_code == 200
    assert error(browser.get("/v1/me")) == (429, "too_many_calls")
    assert error(site.api.call("/v1/me", person="ann", method="GET")) == (429, "too_many_calls")
    assert site.api.call("/v1/me", person="ben", method="GET").status_code == 200


def test_several_tokens_of_a_person_share_the_allowance(api_with):
    api = api_with(ApiSettings(token_calls_per_minute=60))
    api.project = DEMO
    for _ in range(ApiSettings().calls_burst_s):
        assert (
            api.call("/v1/me", person="ann", method="GET").status_code == 200
        )  # each call has a token of its own
    assert error(api.call("/v1/me", person="ann", method="GET")) == (429, "too_many_calls")


def test_page_is_told_whether_onboarding_is_wanted(site):
    site.api.project = trained(None, onboarding=True)
    guide = site.signed_in().get("/v1/projects/demo/guide").json()
    assert (guide["onboarding_required"], guide["onboarded"]) == (True, False)
    assert len(guide["onboarding"]) == len(GUIDANCE.onboarding)
