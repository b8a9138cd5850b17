from __future__ import annotations

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.control import control_message
from schemas.errors import ConfigError
from vault.signing import issue_token, sign_control

NOW = 1_700_000_000_500
CONTROL = {"key": "policy/demo/abc/alice", "version": 3, "kind": "policy", "body": b"policy: demo", "now": NOW}


def public_key(vault, signer):
    return Ed25519PublicKey.from_public_bytes(vault.public_key(f"sign-{signer}"))


def token(vault, **changed):
    return issue_token(
        vault, **{"issuer": "alice", "person": "bob", "project": "demo", "token_id": "t1", "now": NOW, **changed}
    )


def test_a_control_record_verifies_under_its_signers_public_key(vault):
    state = sign_control(vault, "alice", **CONTROL)
    message = control_message(state.key, state.version, state.kind, state.body)
    public_key(vault, "alice").verify(state.signature, message)
    assert (state.signer, state.signed_at) == ("alice", NOW)


@pytest.mark.parametrize("changed", [{"version": 4}, {"kind": "withdraw"}, {"body": b"x"}])
def test_a_changed_control_record_does_not_verify(vault, changed):
    state = sign_control(vault, "alice", **CONTROL)
    fields = {"key": state.key, "version": state.version, "kind": state.kind, "body": state.body, **changed}
    with pytest.raises(InvalidSignature):
        public_key(vault, "alice").verify(state.signature, control_message(**fields))


def test_nobody_signs_a_key_that_ends_in_another_signer(vault):
    with pytest.raises(ConfigError):
        sign_control(vault, "redact.demo", **CONTROL)


def test_a_token_verifies_with_pyjwt_and_carries_the_agreed_claims(vault):
    bearer = token(vault)
    claims = jwt.decode(
        bearer,
        public_key(vault, "alice"),
        algorithms=["EdDSA"],
        audience="label.demo",
        issuer="alice",
        options={"verify_exp": False},
    )
    assert claims == {
        "iss": "alice",
        "sub": "bob",
        "aud": "label.demo",
        "project": "demo",
        "role": "annotator",
        "iat": 1_700_000_000,
        "exp": 1_700_003_600,
        "jti": "t1",
    }
    device = jwt.decode(token(vault, devices=["managed"]), options={"verify_signature": False})["device"]
    assert device == ["managed"]
    assert jwt.get_unverified_header(bearer) == {"alg": "EdDSA", "kid": "alice", "typ": "JWT"}


def test_a_token_does_not_verify_under_another_key_or_for_another_project(vault):
    bearer = token(vault)
    options = {"verify_exp": False}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(bearer, public_key(vault, "redact.demo"), ["EdDSA"], options, audience="label.demo")
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(bearer, public_key(vault, "alice"), ["EdDSA"], options, audience="label.other")


@pytest.mark.parametrize("lifetime", [0, -1, 3601])
def test_a_token_never_lives_longer_than_an_hour(vault, lifetime):
    with pytest.raises(ConfigError):
        token(vault, lifetime_s=lifetime)
