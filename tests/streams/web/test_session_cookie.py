from __future__ import annotations

import pytest

from streams.web.session_cookie import MAX_HEADER_CHARS, CookieRefused, Cookies, as_secret, as_text, read


def test_cookies_over_tls_are_bound_to_the_host_and_never_sent_in_clear():
    cookies = Cookies(secure=True, name="veil")
    made = cookies.set_session("x")
    assert made == "__Host-veil=x; Path=/; HttpOnly; Secure; SameSite=Strict"
    assert cookies.set_signin("x", 600) == (
        "__Host-veil-signin=x; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=600"
    )


def test_cookies_on_plain_localhost_go_by_bare_names():
    cookies = Cookies(secure=False, name="veil")
    assert cookies.set_session("x") == "veil=x; Path=/; HttpOnly; SameSite=Strict"
    assert cookies.forget(cookies.session) == "veil=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], None),
        (["veil=a"], "a"),
        (["other=1; veil=a; veil-signin=b"], "a"),
        (["other=1", "veil=a"], "a"),
        (["notveil=a; veil"], None),
        (["Veil=a"], None),
        (["veil=a=b"], "a=b"),
    ],
)
def test_our_cookie_is_found_among_others(headers, value):
    assert read(headers, "veil") == value


@pytest.mark.parametrize("headers", [["veil=a; veil=b"], ["veil=a", "veil=a"], ["x=" + "y" * MAX_HEADER_CHARS]])
def test_two_of_ours_and_too_many_are_refused(headers):
    with pytest.raises(CookieRefused):
        read(headers, "veil")


def test_secret_comes_back():
    secret = bytes(range(224, 256))
    assert as_secret(as_text(secret)) == secret


@pytest.mark.parametrize(
    "value", ["", "x" * 42, "x" * 44, "é" * 43, "=" * 43, "x" * 42 + "\n", "x" * 42 + "B", "x" * 9000]
)
def test_anything_else_is_no_secret(value):
    assert as_secret(value) is None
