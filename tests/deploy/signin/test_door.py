"""The door's own refusals. That it leads through the real provider: tests/integration/test_signin.py."""

from __future__ import annotations

import ssl
from urllib.parse import urlencode

import httpx
import pytest

from deploy.signin.door import PATH, Door
from streams.engine.clock import SystemClock
from tests.support.pipeline import free_port

BACK = "http://127.0.0.1:1/signin/callback"
OTHERS = "http://127.0.0.1:2/signin/callback"
ASKED = {"response_type": "code", "client_id": "veil", "redirect_uri": BACK, "state": 's"><script>', "nonce": "n"}
FILLED = {"person": "ann-1", "password": "the-password", "code": "123456"}


@pytest.fixture
def door():
    """A door to a vault that is away."""
    door = Door(
        f"https://127.0.0.1:{free_port()}",
        ssl.create_default_context(),
        {"veil": BACK, "other": OTHERS},
        SystemClock(),
    )
    url = httpx.URL(door.start() + PATH)
    with httpx.Client(base_url=f"{url.scheme}://{url.netloc.decode()}") as http:
        yield http
    door.stop()


def post(door, fields=FILLED, asked=ASKED, **headers):
    own = {"origin": str(door.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    own["content-type"] = "application/x-www-form-urlencoded"
    content = fields if isinstance(fields, str) else urlencode(fields)
    return door.post("/authorize", params=asked, content=content, headers=own)


def test_form_is_shown_under_a_strict_policy(door):
    answer = door.get("/authorize", params=ASKED)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("form-action 'self' http://127.0.0.1:1")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.test"},
        {"redirect_uri": OTHERS},
        {"client_id": "other"},
        {"client_id": "third"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "@evil.test"},
        {"redirect_uri": ""},
        {"next": "https://evil.test"},
    ],
)
def test_request_that_would_lead_elsewhere_is_refused(door, changes):
    asked = ASKED | changes
    assert door.get("/authorize", params=asked).status_code == 400
    assert post(door, asked=asked).status_code == 400


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.test"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}]
)
def test_another_sites_form_is_refused(door, headers):
    assert post(door, **headers).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "person=ann-1",
        "person=a&person=b&password=x&code=123456",
        urlencode(FILLED | {"more": "1"}),
        "password=" + "x" * 5_000,
        "\x00",
    ],
)
def test_odd_forms_are_refused(door, fields):
    assert post(door, fields).status_code == 400


@pytest.mark.parametrize("person", ["../../sys/health", "Ann", "", "a" * 41, "ann-1/../root"])
def test_name_that_is_none_is_refused_before_the_vault_is_asked(door, person):
    answer = post(door, FILLED | {"person": person})
    assert answer.status_code == 401
    assert "That is not right" in answer.text


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11" * 6])
def test_code_that_is_none_is_refused_before_the_vault_is_asked(door, code):
    assert post(door, FILLED | {"code": code}).status_code == 401


def test_vault_that_is_away_is_said_so_and_nothing_entered_is_shown_again(door):
    answer = post(door)
    assert answer.status_code == 503
    assert "the-password" not in answer.text
    assert "123456" not in answer.text


def test_brute_force_is_slowed_down_by_name_and_by_address(door):
    by_name = [post(door, FILLED | {"code": "x"}).status_code for _ in range(8)]
    assert by_name == [401] * 6 + [429] * 2
    by_address = [post(door, FILLED | {"person": f"p-{number}", "code": "x"}).status_code for number in range(6)]
    assert by_address[-2:] == [429, 429]
