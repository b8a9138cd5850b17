"""Signing in and working with a browser, and everything that must not work: the real app on a real socket."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from deploy.local.authority import VAULT, ensure_certificates
from schemas.audit import EventType
from schemas.errors import ConfigError
from streams.label.commands import CountTasks
from streams.label.oidc import IdTokenFault
from streams.label.server import LabelServer
from streams.label.session_cookie import as_secret
from streams.label.sessions import name_of
from streams.label.settings import ApiSettings, QueueSettings, SessionSettings, SignInSettings
from streams.label.signin import SignInFault, SignInSeams
from tests.support.browser import Browser, VouchingProvider
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for
from topology.project import Persons, Project

LEASES = "/v1/projects/demo/leases"
PERSONS = Persons(("ada",), ("grace",), ("olga", "issuer"), ("ann", "bob", "ada"), ("zoe",))
PROJECT = Project("demo", "tests", 1, {}, PERSONS)
SIGNIN, API = SignInSettings(), ApiSettings()
QUICK = SessionSettings(sweep_s=0.01)
STILL = SessionSettings(sweep_s=3_600)


@dataclass
class Site:
    """The app with its provider, and who may enter."""

    api: object
    origin: str
    provider: VouchingProvider
    frozen: bool = False
    complete: str = "none"

    def __post_init__(self):
        self.browsers = []

    @property
    def project(self):
        return self.api.project

    @project.setter
    def project(self, project):
        self.api.project = project

    def browser(self):
        self.browsers.append(Browser(self.origin))
        return self.browsers[-1]

    def signed_in(self, person="ann"):
        browser = self.browser()
        answer = browser.sign_in(self.provider, person)
        assert answer.headers["location"] == "/", answer.headers
        return browser

    def events(self, kind):
        return [event for event in self.api.loop.events if event.type is kind]

    def denials(self):
        return [(event.reason, event.person) for event in self.events(EventType.ACCESS_DENIED)]

    def heard(self):
        """What was asked without waiting has been carried out once a later call is answered."""
        self.api.loop.requests.ask(CountTasks()).result(10)


@pytest.fixture
def site_with(api_with):
    made = []

    def make(sessions=STILL, settings=SIGNIN, api=API, queue=None, tls=()):
        port, provider = free_port(), VouchingProvider()
        origin = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        site = Site(None, origin, provider)
        signin = SignInSeams(
            origin,
            provider,
            lambda: site.frozen,
            sessions=sessions,
            settings=settings,
            is_complete=lambda batch: batch == site.complete,
        )
        site.api = api_with(replace(api, port=port), queue, signin, tls)
        site.project = PROJECT
        made.append(site)
        return site

    yield make
    for site in made:
        for browser in site.browsers:
            browser.close()


@pytest.fixture
def site(site_with):
    return site_with()


def error(answer):
    return answer.status_code, answer.json()["error"]["reason"]


def problem(answer):
    """Why a sign-in failed, as the page is told."""
    assert answer.status_code == 303
    path, _, reason = answer.headers["location"].partition("=")
    assert path == "/?problem"
    return SignInFault(reason)


# -- the way in


def test_signed_in_person_leases_and_labels(site, make_task):
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    me = browser.get("/v1/me").json()
    now = site.api.clock.now()
    assert (me["person"], me["project"], me["role"]) == ("ann", "demo", "annotator")
    assert me["expires_at"] == (now + STILL.life_ms) // 1000
    assert me["idle_expires_at"] == (now + STILL.idle_ms) // 1000
    lease = browser.post(LEASES).json()
    body = {"fencing_token": lease["fencing_token"], "result": {"spans": [], "choices": {}}}
    ended = browser.post(f"/v1/leases/{lease['lease_id']}/label", body, Idempotency_Key="k")
    assert ended.json()["outcome"] == "label"
    assert site.api.loop.labels()[0].person == "ann"


def test_session_is_on_the_audit_before_the_browser_has_it(site):
    location = (browser := site.browser()).begin()
    site.api.loop.in_doubt = True
    answer = browser.come_back(location, site.provider.vouch(location, "ann"))
    assert problem(answer) is SignInFault.UNAVAILABLE
    assert "veil" not in browser.http.cookies
    assert error(browser.get("/v1/me")) == (401, "signed_out")


def test_session_begins_and_ends_on_the_audit_in_order(site, make_task):
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    cookie = browser.http.cookies["veil"]
    browser.post(LEASES)
    assert browser.post("/signout").status_code == 204
    kinds = ("session.started", "task.viewed", "task.released", "session.ended")
    assert [kind for kind in site.api.loop.types() if kind in kinds] == list(kinds)
    started, ended = site.events(EventType.SESSION_STARTED)[0], site.events(EventType.SESSION_ENDED)[0]
    assert started.resource == ended.resource == f"session/{name_of(as_secret(cookie))}"
    assert (started.person, ended.person, ended.reason) == ("ann", "ann", "signed_out")
    assert site.events(EventType.TASK_RELEASED)[0].reason == "session_ended"
    assert cookie not in repr(site.api.loop.events)


def test_cookies_say_what_they_must(site):
    browser = site.browser()
    begun = browser.get("/signin")
    assert (
        begun.headers.get_list("set-cookie")[0].partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Max-Age=600"
    )
    location = begun.headers["location"]
    back = browser.come_back(location, site.provider.vouch(location, "ann"))
    session, gone = back.headers.get_list("set-cookie")
    assert session.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Strict"
    assert gone == "veil-signin=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    assert back.headers["cache-control"] == "no-store"


def test_over_tls_the_cookies_are_secure_and_bound_to_the_host(site_with, tmp_path):
    certificates = ensure_certificates(tmp_path, tmp_path / "ca.key", datetime.now(UTC))
    site = site_with(tls=(certificates.certificate(VAULT), certificates.key(VAULT)))
    browser = Browser(site.origin, ssl.create_default_context(cafile=str(certificates.ca)))
    location = browser.begin()
    session, _ = browser.come_back(location, site.provider.vouch(location, "ann")).headers.get_list("set-cookie")
    assert session.startswith("__Host-veil=")
    assert session.endswith("; Path=/; HttpOnly; Secure; SameSite=Strict")
    assert browser.get("/v1/me").json()["person"] == "ann"
    browser.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "label.test"])  # noqa: S104 - to be refused
def test_in_clear_nothing_is_served_beyond_this_machine(host):
    with pytest.raises(ConfigError, match=r"plain HTTP on .* certificate"):
        LabelServer(lambda *_: None, ApiSettings(host=host))


def test_page_under_another_name_of_localhost_is_led_to_the_one_with_the_cookies(site):
    answer = site.browser().get("/signin", Host=f"localhost:{site.origin.rpartition(':')[2]}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{site.origin}/signin")
    assert "set-cookie" not in answer.headers


# -- who may not enter


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        ("eve", SignInFault.NOT_PERMITTED),
        ("ada", SignInFault.CONFLICTING_DUTIES),
        ("olga", SignInFault.NOT_PERMITTED),
    ],
)
def test_who_is_no_annotator_or_has_another_duty_gets_no_session(site, person, fault):
    browser = site.browser()
    assert problem(browser.sign_in(site.provider, person)) is fault
    assert "veil" not in browser.http.cookies
    site.heard()
    assert (fault.value, person) in site.denials()


def test_nobody_signs_in_while_the_persons_can_not_be_read(site):
    site.project = None
    assert problem(site.browser().sign_in(site.provider, "ann")) is SignInFault.NOT_PERMITTED


def test_nobody_signs_in_while_the_project_is_frozen(site):
    site.frozen = True
    assert problem(site.browser().sign_in(site.provider, "ann")) is SignInFault.FROZEN


def test_without_a_provider_nobody_signs_in(api):
    browser = Browser(api.url)
    assert problem(browser.get("/signin")) is SignInFault.NO_PROVIDER
    assert problem(browser.get("/signin/callback?code=x&state=y")) is SignInFault.NO_PROVIDER
    browser.close()


def test_provider_that_is_down_is_said_so(site):
    browser = site.browser()
    location = browser.begin()
    site.provider.down = True
    assert problem(browser.get("/signin")) is SignInFault.UNAVAILABLE
    assert problem(browser.come_back(location, "x")) is SignInFault.UNAVAILABLE


@pytest.mark.parametrize(
    ("fault", "told"),
    [(IdTokenFault.BAD, SignInFault.BAD_ANSWER), (IdTokenFault.NO_SECOND_FACTOR, SignInFault.NO_SECOND_FACTOR)],
)
def test_refused_id_token_is_no_session(site, fault, told):
    browser = site.browser()
    assert problem(browser.come_back(browser.begin(), site.provider.fail(fault))) is told


def test_so_many_sessions_and_no_more(site_with):
    site = site_with(replace(STILL, kept=1))
    site.signed_in("ann")
    assert problem(site.browser().sign_in(site.provider, "bob")) is SignInFault.FULL
    site.signed_in("ann")


def test_session_that_did_not_begin_takes_nobodys_place(site_with):
    site = site_with(replace(STILL, kept=1))
    site.api.loop.in_doubt = True
    assert problem(site.browser().sign_in(site.provider, "ann")) is SignInFault.UNAVAILABLE
    site.api.loop.in_doubt = False
    site.signed_in("bob")


# -- replay, fixation, forged answers


def test_state_is_good_once(site):
    browser = site.browser()
    location = browser.begin()
    assert browser.come_back(location, site.provider.vouch(location, "ann")).headers["location"] == "/"
    again = browser.come_back(location, site.provider.vouch(location, "ann"))
    assert problem(again) is SignInFault.STALE


def test_code_is_good_once(site):
    browser = site.browser()
    first = browser.begin()
    code = site.provider.vouch(first, "ann")
    browser.come_back(first, code)
    assert problem(browser.come_back(browser.begin(), code)) is SignInFault.BAD_ANSWER


def test_another_browser_can_not_use_the_answer(site):
    """Login CSRF: a victim is led to an attacker's callback, or an attacker has stolen a victim's."""
    mine, other = site.browser(), site.browser()
    location = mine.begin()
    other.begin()
    code = site.provider.vouch(location, "ann")
    assert problem(other.come_back(location, code)) is SignInFault.STALE
    assert problem(mine.come_back(location, code)) is SignInFault.STALE  # and it is used up
    assert "veil" not in other.http.cookies


def test_sign_in_that_took_too_long_is_over(site):
    browser = site.browser()
    location = browser.begin()
    site.api.clock.ms += SignInSettings().begun_ms
    assert problem(browser.come_back(location, site.provider.vouch(location, "ann"))) is SignInFault.STALE


def test_answer_of_another_issuer_is_refused(site):
    """RFC 9207: mix-up."""
    browser = site.browser()
    location = browser.begin()
    code = site.provider.vouch(location, "ann")
    assert problem(browser.come_back(location, code, iss="https://evil.test")) is SignInFault.BAD_ANSWER


def test_refusal_of_the_provider_is_told_without_its_words(site):
    browser = site.browser()
    answer = browser.come_back(browser.begin(), "", error="access_denied", error_description="<script>Eva Green")
    assert problem(answer) is SignInFault.PROVIDER_REFUSED
    site.heard()
    assert "Eva" not in answer.text + repr(answer.headers) + repr(site.api.loop.events)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=x",
        "code=x",
        "state=a&state=b&code=x",
        "&".join(f"p{number}=1" for number in range(40)),
        "state=%ff%fe&code=%00",
        "state=x%0d%0aset-cookie:veil=evil&code=x",
    ],
)
def test_odd_answers_are_stale(site, query):
    answer = site.browser().get(f"/signin/callback?{query}")
    assert problem(answer) is SignInFault.STALE
    assert not [one for one in answer.headers.get_list("set-cookie") if one.startswith("veil=")]


def test_answer_that_says_a_thing_twice_is_stale(site):
    browser = site.browser()
    location = browser.begin()
    state, code = location.partition("state=")[2], site.provider.vouch(location, "ann")
    answer = browser.get(f"/signin/callback?state={state}&code={code}&code={code}")
    assert problem(answer) is SignInFault.STALE


def test_no_address_is_ever_taken_from_a_request(site):
    browser = site.browser()
    for name in ("next", "return_to", "redirect_uri", "url"):
        assert (
            browser.get(f"/signin?{name}=https://evil.test").headers["location"].startswith(site.provider.issuer)
        )
    location = browser.begin()
    code = site.provider.vouch(location, "ann")
    assert browser.come_back(location, code, next="//evil.test").headers["location"] == "/"


def test_secret_that_a_browser_brings_is_never_taken_over(site):
    """Session fixation."""
    browser = site.browser()
    planted = "A" * 43
    browser.http.cookies.set("veil", planted, domain="127.0.0.1")
    location = browser.begin()
    answer = browser.come_back(location, site.provider.vouch(location, "ann"))
    own = answer.headers.get_list("set-cookie")[0].partition(";")[0].removeprefix("veil=")
    assert own != planted
    other = site.browser()
    other.http.cookies.set("veil", planted, domain="127.0.0.1")
    assert error(other.get("/v1/me")) == (401, "signed_out")


def test_signing_in_rotates_the_secret_and_ends_the_session_before(site, make_task):
    site.api.loop.give(make_task(1))
    browser = site.signed_in()
    before, lease = browser.http.cookies["veil"], browser.post(LEASES).json()
    browser.sign_in(site.provider, "ann")
    assert browser.http.cookies["veil"] != before
    old = site.browser()
    old.http.cookies.set("veil", before, domain="127.0.0.1")
    assert error(old.get("/v1/me")) == (401, "session_replaced")
    assert [event.reason for event in site.events(EventType.SESSION_ENDED)] == ["session_replaced"]
    assert browser.post(LEASES).json()["lease_id"] == lease["lease_id"]  # they go on with their task


def test_other_person_in_the_same_browser_ends_the_first_ones_session(site, make_task):
    site.api.loop.give(make_task(1))
    browser = site.signed_in("ann")
    before = browser.http.cookies["veil"]
    browser.post(LEASES)
    browser.sign_in(site.provider, "bob")
    assert browser.get("/v1/me").json()["person"] == "bob"
    old = site.browser()
    old.http.cookies.set("veil", before, domain="127.0.0.1")
    assert error(old.get("/v1/me")) == (401, "signed_out")
    assert [event.person for event in site.events(EventType.TASK_RELEASED)] == ["ann"]


# -- forged requests


def test_post_without_or_with_a_wrong_token_is_refused_and_audited(site):
    browser, other = site.signed_in("ann"), site.signed_in("bob")
    for token in ("", "x", other.csrf, browser.http.cookies["veil"]):
        assert error(browser.post(LEASES, X_Veil_CSRF=token)) == (403, "bad_csrf")
    assert browser.post(LEASES).status_code == 204
    assert ("bad_csrf", "ann") in site.denials()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "null"},
        {"origin": "https://evil.test"},
    ],
)
def test_another_sites_post_is_refused_even_with_the_token(site, headers):
    browser = site.signed_in()
    assert error(browser.post(LEASES, **headers)) == (403, "cross_site")
    assert error(browser.post("/signout", **headers)) == (403, "cross_site")
    assert browser.get("/v1/me").status_code == 200


def test_another_sites_get_reads_nothing(site):
    browser = site.signed_in()
    assert error(browser.get("/v1/me", sec_fetch_site="cross-site")) == (403, "cross_site")


def test_forged_post_does_not_lengthen_a_session(site):
    browser = site.signed_in()
    site.api.clock.ms += STILL.idle_ms - 1
    browser.post(LEASES, X_Veil_CSRF="")
    site.api.clock.ms += 1
    assert error(browser.get("/v1/me")) == (401, "session_idle")


def test_cookie_and_bearer_together_are_refused(site):
    browser = site.signed_in()
    answer = browser.get("/v1/me", Authorization=f"Bearer {site.api.token('bob')}")
    assert error(answer) == (400, "two_identities")


def test_bearer_tokens_need_no_browsers_headers(site, make_task):
    site.api.loop.give(make_task(1))
    assert site.api.lease("bob")["lease_id"]
    assert error(site.api.call("/signout", person="bob")) == (400, "bad_request")


@pytest.mark.parametrize("cookie", ["veil=a; veil=b", "x=" + "y" * 9_000])
def test_ambiguous_and_oversized_cookies_are_refused(site, cookie):
    answer = site.browser().get("/v1/me", Cookie=cookie)
    assert error(answer) == (400, "bad_cookie")


@pytest.mark.parametrize("cookie", ["veil=", "veil=short", "veil=" + "A" * 43, "veil=" + "é" * 10])
def test_cookie_that_opens_nothing_is_signed_out(site, cookie):
    answer = site.browser().http.get("/v1/me", headers=[(b"cookie", cookie.encode())])
    assert error(answer) == (401, "signed_out")


def test_browser_without_a_cookie_is_signed_out_and_an_app_without_a_token_is_told_so(site):
    assert error(site.browser().get("/v1/me")) == (401, "signed_out")
    assert error(site.browser().http.get("/v1/me")) == (401, "missing_token")


@pytest.mark.parametrize("path", ["/signin?x=", "/signin/callback?state=", "/v1/me?", "/"])
def test_oversized_addresses_are_refused(site, path):
    answer = site.browser().get(path + "x" * ApiSettings().target_chars)
    assert error(answer) == (414, "too_large")


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


# -- limits


def test_brute_force_from_one_address_is_throttled(site):
    browser = site.browser()
    faults = [problem(browser.get("/signin/callback?state=guess&code=guess")) for _ in range(30)]
    burst = SignInSettings().per_address_burst
    assert faults == [SignInFault.STALE] * burst + [SignInFault.TOO_MANY] * (30 - burst)
    site.api.clock.ms += 60_000
    assert browser.begin()


def test_made_up_addresses_do_not_get_around_the_throttle(site):
    browser = site.browser()
    for number in range(SIGNIN.per_address_burst + 1):
        made_up = f"192.0.2.{number}"
        answer = browser.get("/signin", X_Forwarded_For=made_up, Forwarded=f"for={made_up}", X_Real_IP=made_up)
    assert problem(answer) is SignInFault.TOO_MANY


def test_sign_ins_of_one_person_are_throttled(site_with):
    site = site_with(settings=SignInSettings(per_address_burst=1_000))
    results = [site.browser().sign_in(site.provider, "ann").headers["location"] for _ in range(8)]
    assert results == ["/"] * 6 + ["/?problem=too_many_signins"] * 2
    assert site.signed_in("bob")


def test_calls_of_one_person_are_limited_and_the_next_one_is_told_when(site_with):
    site = site_with(api=ApiSettings(browser_calls_per_minute=60, calls_burst_s=5))
    ann, bob = site.signed_in("ann"), site.signed_in("bob")
    answers = [ann.get("/v1/me") for _ in range(10)]
    assert [one.status_code for one in answers].count(200) == 4  # one was used for the token
    assert error(answers[-1]) == (429, "too_many_calls")
    assert answers[-1].headers["retry-after"] == "1"
    assert bob.get("/v1/me").status_code == 200
    site.api.clock.ms += 1_000
    assert ann.get("/v1/me").status_code == 200


def test_refusals_do_not_flood_the_audit(site):
    browser = site.signed_in()
    for _ in range(30):
        browser.post(LEASES, X_Veil_CSRF="")
    site.heard()
    assert site.denials().count(("bad_csrf", "ann")) == ApiSettings().denials_per_minute


def test_nothing_that_was_sent_is_on_the_audit(site):
    secret = "Zorbin-Quelmer"
    browser = site.signed_in()
    browser.get(f"/signin?x={secret}")
    browser.get(f"/signin/callback?state={secret}&code={secret}&error={secret}")
    browser.post(LEASES, X_Veil_CSRF=secret, origin=f"https://{secret}")
    browser.get("/v1/me", Cookie=f"veil={secret}")
    site.heard()
    assert secret not in repr(site.api.loop.events)
