"""Replay, fixation, forged answers and calls, guessing: what must not work against those who sign in."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from streams.label.settings import ApiSettings
from streams.web.settings import SignInSettings
from streams.web.signin import SignInFault
from tests.streams.label.site import LEASES, SIGNIN, STILL, error, problem

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
