from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.label import tokens

NOW = 1_700_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
RULES = tokens.TokenRules("demo", {"issuer": KEY.public_key().public_bytes_raw()}, ttl_s=3600, leeway_s=30)


def bearer(person="ada", key=KEY):
    claims = {
        "iss": "issuer",
        "sub": person,
        "aud": tokens.audience("demo"),
        "project": "demo",
        "role": tokens.ROLE,
        "iat": NOW,
        "exp": NOW + 600,
        "jti": "1",
    }
    return "Bearer " + jwt.encode(claims, key, "EdDSA", headers={"kid": "issuer"})


@pytest.fixture
def asked(monkeypatch):
    """How often a signature was checked."""
    found = []
    real = tokens.verified
    monkeypatch.setattr(tokens, "verified", lambda token, rules: found.append(token) or real(token, rules))
    return found


def test_signature_that_held_is_checked_once(asked):
    remembered, ada = tokens.Verified(), bearer()
    people = [tokens.check(ada, RULES, NOW, remembered) for _ in range(3)]
    assert {person.name for person in people} == {"ada"}
    assert len(asked) == 1


def test_remembered_token_expires_all_the_same():
    remembered, ada = tokens.Verified(), bearer()
    tokens.check(ada, RULES, NOW + 599, remembered)
    with pytest.raises(tokens.TokenRefused) as refused:
        tokens.check(ada, RULES, NOW + 600, remembered)
    assert refused.value.fault is tokens.TokenFault.EXPIRED


def test_signature_that_does_not_hold_is_never_remembered(asked):
    remembered, forged = tokens.Verified(), bearer(key=Ed25519PrivateKey.generate())
    for _ in range(2):
        with pytest.raises(tokens.TokenRefused):
            tokens.check(forged, RULES, NOW, remembered)
    assert len(asked) == 2


def test_only_so_many_are_remembered_and_the_oldest_is_forgotten(asked):
    remembered = tokens.Verified(kept=2)
    people = [bearer(person) for person in ("ada", "grace", "olga")]
    for token in [*people, people[2], people[1], people[0]]:
        tokens.check(token, RULES, NOW, remembered)
    assert len(asked) == 4
