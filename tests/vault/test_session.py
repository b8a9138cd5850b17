"""The client's behaviour towards a server that misbehaves: a scripted transport under the real hvac."""

from __future__ import annotations

import io
import json

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from schemas.errors import AccessDenied, Refused, VaultUnavailable
from vault.client import VaultClient
from vault.session import RETRY_DELAYS_S, Credentials, Session

CONFLICT = "check-and-set parameter did not match the current version"
LOGIN = "auth/approle/login"
RENEW = "auth/token/renew-self"


class Scripted(BaseAdapter):
    """Answers by path ending: a status, an exception, or a list of them used up one by one."""

    def __init__(self, **script):
        super().__init__()
        self.script = script
        self.seen = []
        self.tokens = []
        self.logins = 0

    def send(self, request, **options):
        path = request.url.split("/v1/")[1]
        self.seen.append(path)
        self.tokens.append(request.headers.get("X-Vault-Token"))
        if path == LOGIN:
            self.logins += 1
            return self.answer(request, self.next("login", 200), {"auth": self.lease(f"token-{self.logins}")})
        if path == RENEW:
            return self.answer(
                request, self.next("renew", 200), {"auth": self.lease(request.headers["X-Vault-Token"])}
            )
        return self.answer(request, self.next("call", 200), {"data": {"signature": "vault:v1:QUJD"}})

    def lease(self, token):
        return {"client_token": token, "lease_duration": self.script.get("ttl", 3600), "renewable": True}

    def next(self, name, default):
        planned = self.script.get(name, default)
        if isinstance(planned, list):
            planned = planned.pop(0) if planned else default
        if isinstance(planned, Exception):
            raise planned
        return planned

    def answer(self, request, status, content):
        if status >= 400:
            content = {"errors": [self.script.get("says", "secret-of-the-server")]}
        body = HTTPResponse(io.BytesIO(json.dumps(content).encode()), preload_content=False, status=status)
        response = requests.Response()
        response.status_code, response.raw, response.url, response.request = status, body, request.url, request
        response.headers["Content-Type"] = "application/json"
        if status == 307:
            response.headers["Location"] = "https://elsewhere.test/v1/"
        return response

    def close(self):
        pass


class Time:
    def __init__(self):
        self.now = 0.0
        self.waits = []

    def monotonic(self):
        return self.now

    def wait(self, seconds):
        self.waits.append(seconds)


@pytest.fixture
def connect():
    made = []

    def connected(server, clock=None, token=""):
        clock = clock or Time()
        credentials = Credentials(token=token) if token else Credentials("role", "the-secret-id")
        session = Session("https://vault.test", None, credentials, monotonic=clock.monotonic, wait=clock.wait)
        session._nodes.http.mount("https://", server)
        client = VaultClient(session, "demo")
        made.append(client)
        return client

    yield connected
    for client in made:
        client.close()


def test_the_first_call_logs_in_and_later_ones_do_not(connect):
    server = Scripted()
    client = connect(server)
    assert client.sign("sign-alice", b"m") == b"ABC"
    client.sign("sign-alice", b"m")
    assert server.seen == [LOGIN, "transit/sign/sign-alice", "transit/sign/sign-alice"]
    assert server.tokens[1:] == ["token-1", "token-1"]


@pytest.mark.parametrize(
    "failure", [500, 502, 503, 429, requests.ConnectionError(), requests.Timeout(), requests.exceptions.SSLError()]
)
def test_a_server_in_trouble_is_asked_again_with_growing_waits_then_given_up(connect, failure):
    server, clock = Scripted(call=failure), Time()
    with pytest.raises(VaultUnavailable):
        connect(server, clock).sign("sign-alice", b"m")
    assert clock.waits == list(RETRY_DELAYS_S)
    assert server.seen.count("transit/sign/sign-alice") == len(RETRY_DELAYS_S) + 1


def test_a_redirect_is_no_success_and_is_not_followed(connect):
    server = Scripted(call=307)
    with pytest.raises(VaultUnavailable):
        connect(server).create("view/1", b"x")
    assert server.seen.count("veil-demo/data/view/1") == len(RETRY_DELAYS_S) + 1


def test_a_server_that_recovers_in_time_is_no_error(connect):
    server = Scripted(call=[503, requests.ConnectionError()])
    assert connect(server).sign("sign-alice", b"m") == b"ABC"


def test_a_login_that_finds_vault_sealed_is_unavailable(connect):
    with pytest.raises(VaultUnavailable):
        connect(Scripted(login=503)).sign("sign-alice", b"m")


@pytest.mark.parametrize("status", [400, 403])
def test_refused_credentials_are_denied(connect, status):
    with pytest.raises(AccessDenied):
        connect(Scripted(login=status)).sign("sign-alice", b"m")


def test_a_token_that_ended_early_costs_one_new_login(connect):
    server = Scripted(call=[403])
    assert connect(server).sign("sign-alice", b"m") == b"ABC"
    assert server.logins == 2
    assert server.tokens[-1] == "token-2"


def test_a_missing_right_is_denied_after_one_new_login(connect):
    server = Scripted(call=403)
    with pytest.raises(AccessDenied, match="sign by sign-alice"):
        connect(server).sign("sign-alice", b"m")
    assert server.logins == 2


def test_a_bare_token_never_logs_in(connect):
    server = Scripted(call=403)
    with pytest.raises(AccessDenied):
        connect(server, token="root").sign("sign-alice", b"m")
    assert server.logins == 0
    assert set(server.tokens) == {"root"}


def test_a_token_is_renewed_after_two_thirds_of_its_life(connect):
    server, clock = Scripted(ttl=300), Time()
    client = connect(server, clock)
    client.sign("sign-alice", b"m")
    clock.now = 199
    client.sign("sign-alice", b"m")
    assert RENEW not in server.seen
    clock.now = 201
    client.sign("sign-alice", b"m")
    client.sign("sign-alice", b"m")
    assert server.seen.count(RENEW) == 1
    assert server.logins == 1


@pytest.mark.parametrize("failure", [403, 400, 500, requests.ConnectionError()])
def test_a_token_that_can_not_be_renewed_is_replaced_by_a_login(connect, failure):
    server, clock = Scripted(ttl=300, renew=failure), Time()
    client = connect(server, clock)
    client.sign("sign-alice", b"m")
    clock.now = 1000
    client.sign("sign-alice", b"m")
    assert server.logins == 2
    assert server.tokens[-1] == "token-2"


def test_a_token_at_its_maximum_life_is_replaced_by_a_login(connect):
    server, clock = Scripted(ttl=300), Time()
    client = connect(server, clock)
    client.sign("sign-alice", b"m")
    server.script["ttl"] = 5
    clock.now = 250
    client.sign("sign-alice", b"m")
    assert server.logins == 2


def test_a_create_that_may_have_happened_is_in_doubt_not_a_duplicate(connect):
    server = Scripted(call=[requests.Timeout(), 400], says=CONFLICT)
    with pytest.raises(VaultUnavailable, match="may or may not"):
        connect(server).create("view/1", b"x")


def test_a_repeated_create_that_is_forbidden_is_in_doubt_for_who_may_only_create(connect):
    server = Scripted(call=[requests.Timeout(), 403])
    with pytest.raises(VaultUnavailable):
        connect(server).create("view/redact.demo.0/1/1", b"blob")


def test_a_create_that_is_refused_at_once_is_a_duplicate(connect):
    with pytest.raises(Refused):
        connect(Scripted(call=400, says=CONFLICT)).create("view/1", b"x")


def test_a_mount_that_is_not_ready_is_unavailable_and_neither_a_duplicate_nor_empty(connect):
    client = connect(Scripted(call=400, says="this backend will be unavailable for a brief period"))
    with pytest.raises(VaultUnavailable):
        client.create("view/1", b"x")
    with pytest.raises(VaultUnavailable):
        client.replace("view/1", b"x", 1)
    with pytest.raises(VaultUnavailable):
        client.names("view")


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_no_error_quotes_the_server_the_request_or_the_credentials(connect, status):
    client = connect(Scripted(call=status))
    with pytest.raises((VaultUnavailable, AccessDenied)) as caught:
        client.sign("sign-alice", b"content-of-the-request")
    shown = repr(caught.getrepr(style="value"))
    for hidden in ("secret-of-the-server", "content-of-the-request", "the-secret-id", "token-1"):
        assert hidden not in str(caught.value)
        assert hidden not in shown
    assert repr(Credentials("r", "s")) == "Credentials(<hidden>)"


def test_the_environment_does_not_decide_where_keys_travel(connect, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("VAULT_TOKEN", "of-somebody-else")
    server = Scripted()
    connect(server).sign("sign-alice", b"m")
    assert server.tokens == [None, "token-1"]
