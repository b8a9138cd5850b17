"""ID tokens that hold, and every kind that does not."""

from __future__ import annotations

import base64
import json
import warnings
from dataclasses import replace
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.warnings import InsecureKeyLengthWarning

from streams.web import oidc
from streams.web.oidc import Asked, IdTokenFault, IdTokenRefused, ProviderRules, UnknownKey
from streams.web.settings import SignInSettings

NOW = 1_700_000_000
ISSUER, CLIENT = "https://provider.test", "client-1"
RULES = ProviderRules(ISSUER, CLIENT, "name", enforcing=True)
SETTINGS = SignInSettings()
ED, EC = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
RSA, SHORT_RSA = generate_rsa_key(65537, 2048), generate_rsa_key(65537, 1024)  # noqa: S505 - to be refused
JWKS = {
    "keys": [
        OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True) | {"kid": "ed", "use": "sig"},
        ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "ec", "alg": "ES256"},
        RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "rsa", "alg": "RS256"},
        RSAAlgorithm.to_jwk(SHORT_RSA.public_key(), as_dict=True) | {"kid": "short", "alg": "RS256"},
        OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True) | {"kid": "for-encryption", "use": "enc"},
        {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode(), "kid": "oct", "alg": "HS256"},
        {"kty": "unheard-of", "kid": "odd"},
        {"kid": "empty"},
        "nonsense",
    ]
}
KEYS = oidc.usable_keys(JWKS)
CLAIMS = {
    "iss": ISSUER,
    "sub": "1",
    "aud": CLIENT,
    "iat": NOW,
    "exp": NOW + 300,
    "nonce": "the-nonce",
    "name": "ann-1",
}


def token(key=ED, alg="EdDSA", kid="ed", **changes):
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    with warnings.catch_warnings():  # some keys are weak on purpose
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        return jwt.encode(claims, key, alg, headers={"kid": kid})


def person(id_token, rules=RULES, nonce="the-nonce", now_s=NOW):
    return oidc.vouched(id_token, KEYS, rules, nonce, now_s, SETTINGS).person


def fault(id_token, rules=RULES, **more):
    with pytest.raises(IdTokenRefused) as refused:
        person(id_token, rules, **more)
    assert "ann-1" not in str(refused.value)
    return refused.value.fault


@pytest.mark.parametrize(("key", "alg", "kid"), [(ED, "EdDSA", "ed"), (EC, "ES256", "ec"), (RSA, "RS256", "rsa")])
def test_token_that_holds_names_its_person(key, alg, kid):
    assert person(token(key, alg, kid)) == "ann-1"
    assert person(token(key, alg, kid, aud=[CLIENT], azp=CLIENT)) == "ann-1"


def test_only_signing_keys_of_our_algorithms_are_used():
    assert set(KEYS) == {"ed", "ec", "rsa", "short"}
    assert oidc.usable_keys({}) == oidc.usable_keys({"keys": 7}) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://provider.test/"},
        {"iss": "https://evil.test"},
        {"aud": "client-2"},
        {"aud": [CLIENT, "client-2"]},
        {"aud": []},
        {"azp": "client-2"},
        {"nonce": "another"},
        {"nonce": 7},
        {"nonce": "the-nonce "},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("nan")},
        {"iat": NOW + SETTINGS.leeway_s + 1},
        {"iat": NOW - SETTINGS.id_token_age_s - 1},
        {"iat": float("nan")},
        {"nbf": NOW + SETTINGS.leeway_s + 1},
        {"nbf": "later"},
        {"name": "../../ada"},
        {"name": ""},
        {"name": "ann-1\n"},
        {"name": ["ann-1"]},
        {"name": "x" * 65},
        {"name": None},
        *({claim: None} for claim in ("iss", "sub", "aud", "exp", "iat", "nonce")),
    ],
)
def test_claim_that_is_wrong_or_missing_names_nobody(changes):
    assert fault(token(**changes)) is IdTokenFault.BAD


def unsigned(alg):
    parts = ({"alg": alg, "kid": "ed"}, CLAIMS)
    header, body = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)
    return f"{header}.{body}."


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_unsigned_token_names_nobody(alg):
    assert fault(unsigned(alg)) is IdTokenFault.BAD


@pytest.mark.parametrize(
    "forged",
    [
        token(Ed25519PrivateKey.generate()),
        token(b"k" * 32, "HS256", "oct"),
        token(b"k" * 32, "HS256", "ed"),
        token(RSA, "RS256", "ed"),
        token(ED, "EdDSA", "rsa"),
        token(RSA, "RS512", "rsa"),
        token(SHORT_RSA, "RS256", "short"),
        token()[:-6] + "AAAAAA",
        token().rsplit(".", 1)[0] + ".",
        "",
        "a.b.c",
        "é.é.é",
        "x" * 20_000,
    ],
)
def test_forged_or_weakly_signed_token_names_nobody(forged):
    assert fault(forged) is IdTokenFault.BAD


def test_client_id_is_no_key():
    assert fault(token(CLIENT.encode() * 8, "HS256", "ed")) is IdTokenFault.BAD


def test_key_that_is_not_known_yet_is_told_apart():
    with pytest.raises(UnknownKey):
        person(token(kid="new"))


@pytest.mark.parametrize(
    ("rules", "claims"),
    [
        ({"acr": "mfa"}, {}),
        ({"acr": "mfa"}, {"acr": "pwd"}),
        ({"acr": "mfa"}, {"acr": ["mfa"]}),
        ({"amr": "otp"}, {}),
        ({"amr": "otp"}, {"amr": ["pwd"]}),
        ({"amr": "otp"}, {"amr": "otp"}),
        ({"acr": "mfa", "amr": "otp"}, {"acr": "mfa"}),
        ({}, {"acr": "mfa", "amr": ["otp"]}),
    ],
)
def test_no_second_factor_nobody(rules, claims):
    strict = replace(RULES, enforcing=False, **rules)
    assert fault(token(**claims), strict) is IdTokenFault.NO_SECOND_FACTOR


@pytest.mark.parametrize(
    ("rules", "claims"),
    [({"acr": "mfa"}, {"acr": "mfa"}), ({"amr": "otp"}, {"amr": ["pwd", "otp"]})],
)
def test_second_factor_that_is_shown_is_enough(rules, claims):
    assert person(token(**claims), replace(RULES, enforcing=False, **rules)) == "ann-1"


def test_challenge_is_that_of_the_rfc():
    """RFC 7636, appendix B."""
    challenge = oidc.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_authorization_request_holds_the_challenge_and_not_the_verifier():
    asked = Asked("https://label.test/signin/callback", "s", "n", "the-verifier")
    query = oidc.authorization_query(asked, replace(RULES, acr="mfa"), "openid veil")
    assert "the-verifier" not in query
    assert parse_qs(query) == {
        "response_type": ["code"],
        "scope": ["openid veil"],
        "client_id": [CLIENT],
        "redirect_uri": ["https://label.test/signin/callback"],
        "state": ["s"],
        "nonce": ["n"],
        "code_challenge": [oidc.challenge("the-verifier")],
        "code_challenge_method": ["S256"],
        "acr_values": ["mfa"],
    }


@pytest.mark.parametrize(
    ("claim", "devices"),
    [("managed", {"managed"}), (["managed", "desk-7"], {"managed", "desk-7"}), (7, set()), (None, set())],
)
def test_device_is_what_the_configured_claim_says(claim, devices):
    rules = replace(RULES, device_claim="device")
    found = oidc.vouched(token(device=claim), KEYS, rules, "the-nonce", NOW, SETTINGS)
    assert (found.person, found.devices) == ("ann-1", devices)


def test_without_a_configured_claim_nothing_is_said_of_the_device():
    found = oidc.vouched(token(device="managed"), KEYS, RULES, "the-nonce", NOW, SETTINGS)
    assert found.devices == set()
