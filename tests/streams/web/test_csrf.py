from __future__ import annotations

import pytest

from streams.web.csrf import fault, token_of

ORIGIN, TOKEN = "http://127.0.0.1:1234", "token"
OWN = {"origin": ORIGIN, "x-veil-csrf": TOKEN, "sec-fetch-site": "same-origin"}


def without(*names):
    return {name: value for name, value in OWN.items() if name not in names}


def test_own_page_may_read_and_post():
    assert fault("POST", OWN, ORIGIN, TOKEN) is None
    assert fault("POST", without("sec-fetch-site"), ORIGIN, TOKEN) is None
    assert fault("GET", {}, ORIGIN, TOKEN) is None
    assert fault("GET", {"sec-fetch-site": "none"}, ORIGIN, TOKEN) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", "SAME-ORIGIN"])
def test_another_sites_post_is_refused_even_with_the_token(site):
    assert fault("POST", OWN | {"sec-fetch-site": site}, ORIGIN, TOKEN) == "cross_site"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_reading_is_refused(site):
    assert fault("GET", {"sec-fetch-site": site}, ORIGIN, TOKEN) == "cross_site"


@pytest.mark.parametrize(
    "origin",
    ["null", "http://127.0.0.1", "http://localhost:1234", "https://127.0.0.1:1234", ORIGIN + ".evil.test"],
)
def test_another_origin_is_refused_even_with_the_token(origin):
    assert fault("POST", without("sec-fetch-site") | {"origin": origin}, ORIGIN, TOKEN) == "cross_site"


def test_post_without_an_origin_is_refused():
    assert fault("POST", without("origin"), ORIGIN, TOKEN) == "cross_site"


@pytest.mark.parametrize("token", ["", "Token", "token ", "tokentoken", "tök\udce9n"])
def test_wrong_token_is_refused(token):
    assert fault("POST", OWN | {"x-veil-csrf": token}, ORIGIN, TOKEN) == "bad_csrf"


def test_no_token_is_refused():
    assert fault("POST", without("x-veil-csrf"), ORIGIN, TOKEN) == "bad_csrf"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "post"])
def test_every_method_but_reading_needs_it_all(method):
    assert fault(method, without("x-veil-csrf"), ORIGIN, TOKEN) == "bad_csrf"


def test_token_follows_from_the_secret_and_is_not_the_secret():
    token = token_of(b"s" * 32)
    assert token == token_of(b"s" * 32)
    assert token != token_of(b"t" * 32)
    assert len(token) == 43
