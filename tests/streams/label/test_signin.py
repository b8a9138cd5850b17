"""Signing in with a browser: the way in, and who may not enter."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy.local.authority import VAULT, ensure_certificates
from schemas.audit import EventType
from schemas.errors import ConfigError
from streams.label.settings import ApiSettings
from streams.web.oidc import IdTokenFault
from streams.web.server import WebServer
from streams.web.session_cookie import as_secret
from streams.web.sessions import name_of
from streams.web.shown_certificate import PemFiles, ShownCertificate
from streams.web.signin import SignInFault
from tests.streams.label.site import LEASES, STILL, error, problem
from tests.support.browser import Browser

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
    tls = ShownCertificate(PemFiles(certificates.certificate(VAULT), certificates.key(VAULT)))
    site = site_with(tls=tls)
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
        WebServer(lambda *_: None, ApiSettings(host=host))


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
