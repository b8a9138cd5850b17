"""The provider as it is talked to: every answer it may give, by a transport that gives it."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import replace

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from streams.web.oidc import Asked, IdTokenRefused, ProviderRules, Vouched
from streams.web.provider import MAX_BYTES, REFRESH_S, OidcProvider, ProviderSettings, ProviderUnavailable
from streams.web.settings import SignInSettings

NOW = 1_700_000_000
ANN = Vouched("ann-1")
ISSUER = "https://provider.test/realm"
ASKED = Asked("http://127.0.0.1/signin/callback", "state", "nonce", "verifier")
SETTINGS = ProviderSettings(
    ProviderRules(ISSUER, "client:1", "name", enforcing=True), ssl.create_default_context(), scope="openid veil"
)


class Provider:
    """Answers as OpenID Connect says, except where a test has it do otherwise."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.renew("first")

    def renew(self, kid):
        self.key, self.kid = Ed25519PrivateKey.generate(), kid

    def id_token(self):
        claims = {"iss": ISSUER, "sub": "1", "aud": "client:1", "iat": NOW, "exp": NOW + 60, "nonce": "nonce"}
        return jwt.encode(claims | {"name": "ann-1"}, self.key, "EdDSA", headers={"kid": self.kid})

    async def __call__(self, request):
        self.asked.append(request)
        name = request.url.path.rpartition("/")[2]
        if name in self.answers:
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
        return httpx.Response(200, json=getattr(self, name.replace("-", "_"))())

    def openid_configuration(self):
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": ISSUER} | {name: f"{ISSUER}/{end}" for name, end in ends.items()}

    def token(self):
        return {"id_token": self.id_token()}

    def jwks(self):
        key = OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": self.kid}]}

    def times(self, name):
        return sum(request.url.path.endswith(name) for request in self.asked)


@pytest.fixture
def provider():
    return Provider()


def use(provider, *uses, settings=SETTINGS):
    """The results of calls to one OidcProvider, one after the other."""

    async def all_of_them():
        client = OidcProvider(settings, SignInSettings(), httpx.MockTransport(provider))
        try:
            return [await one(client) for one in uses]
        finally:
            await client.close()

    return asyncio.run(all_of_them())


def signing_in(now_s=NOW):
    return lambda client: client.person("the code", ASKED, now_s)


def test_browser_is_sent_to_the_discovered_endpoint(provider):
    (location,) = use(provider, lambda client: client.location(ASKED))
    assert location.startswith(f"{ISSUER}/authorize?response_type=code&scope=openid+veil&client_id=client%3A1&")
    assert "verifier" not in location


def test_browser_is_sent_to_the_configured_endpoint(provider):
    door = replace(SETTINGS, authorization_endpoint="http://127.0.0.1:1/authorize")
    (location,) = use(provider, lambda client: client.location(ASKED), settings=door)
    assert location.startswith("http://127.0.0.1:1/authorize?")


def test_public_client_sends_id_and_verifier(provider):
    assert use(provider, signing_in()) == [ANN]
    sent = httpx.QueryParams(next(one for one in provider.asked if one.method == "POST").content.decode())
    assert dict(sent) == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": ASKED.redirect_uri,
        "code_verifier": "verifier",
        "client_id": "client:1",
    }


def test_confidential_client_shows_its_secret_in_the_header_encoded(provider):
    assert use(provider, signing_in(), settings=replace(SETTINGS, secret="a:b c")) == [ANN]
    sent = next(one for one in provider.asked if one.method == "POST")
    assert sent.headers["authorization"] == httpx.BasicAuth("client%3A1", "a%3Ab%20c")._auth_header
    assert b"client_id" not in sent.content


def test_secret_is_not_shown():
    assert "a:b" not in repr(replace(SETTINGS, secret="a:b"))


def test_configuration_and_keys_are_asked_for_once(provider):
    assert use(provider, signing_in(), signing_in(), signing_in()) == [ANN] * 3
    assert (provider.times("openid-configuration"), provider.times("jwks")) == (1, 1)


def test_new_key_of_the_provider_is_fetched(provider):
    async def renewed(client):
        provider.renew("second")
        return await client.person("code", ASKED, NOW + REFRESH_S)

    assert use(provider, signing_in(), renewed) == [ANN, ANN]


def test_tokens_under_made_up_keys_do_not_make_us_ask_again_and_again(provider):
    async def forged(client):
        provider.kid = "made-up"
        with pytest.raises(IdTokenRefused):
            await client.person("code", ASKED, NOW)

    use(provider, signing_in(), forged, forged, forged)
    assert provider.times("jwks") == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_code_names_nobody(provider, status):
    provider.answers["token"] = httpx.Response(status, json={"error": "invalid_grant"})
    with pytest.raises(IdTokenRefused):
        use(provider, signing_in())


@pytest.mark.parametrize("answer", [{}, {"id_token": 7}, {"id_token": None}, {"id_token": "a.b.c"}])
def test_answer_without_a_token_names_nobody(provider, answer):
    provider.answers["token"] = answer
    with pytest.raises(IdTokenRefused):
        use(provider, signing_in())


BROKEN = [
    httpx.ConnectError("down"),
    httpx.Response(500),
    httpx.Response(302, headers={"location": "https://evil.test"}),
    httpx.Response(200, content=b"no json"),
    httpx.Response(200, content=b"[]"),
    httpx.Response(200, content=b"[" * 100_000),
    httpx.Response(200, content=b'"' + b"x" * MAX_BYTES + b'"'),
]


@pytest.mark.parametrize("place", ["openid-configuration", "token", "jwks"])
@pytest.mark.parametrize("answer", BROKEN, ids=range(len(BROKEN)))
def test_provider_that_does_not_answer_in_order_is_unavailable(provider, place, answer):
    provider.answers[place] = answer
    with pytest.raises(ProviderUnavailable) as unavailable:
        use(provider, signing_in())
    assert "xxx" not in str(unavailable.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://provider.test/realm/"},
        {"issuer": None},
        {"token_endpoint": "http://provider.test/token"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://provider.test/a\r\nset-cookie: veil=x"},
        {"authorization_endpoint": "https://provider.test/é"},
    ],
)
def test_configuration_that_names_another_issuer_or_odd_addresses_is_refused(provider, changes):
    provider.answers["openid-configuration"] = json.loads(json.dumps(provider.openid_configuration() | changes))
    with pytest.raises(ProviderUnavailable):
        use(provider, lambda client: client.location(ASKED))
