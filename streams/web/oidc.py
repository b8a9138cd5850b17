"""OpenID Connect (Core 1.0), what is decided without a network: the request, and whom an ID token names. Pure.

The authorization code flow with PKCE (RFC 7636, S256), `state` and `nonce`. An ID token is believed where
signature, `iss`, `aud`, `azp`, `exp`, `iat`, `nbf` and `nonce` all hold, and a second factor is certain.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import jwt
from jwt.types import Options

from streams.web.devices import devices_of
from streams.web.settings import SignInSettings

ALGORITHMS = ("EdDSA", "ES256", "RS256")
"""What an ID token may be signed with. No `none`, and nothing symmetric: a client id is no secret."""
SCOPE = "openid"
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_MAX_CHARS = 16_384
"""An ID token has about 1,000; with many groups in it some thousands."""
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
    "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
    "enforce_minimum_key_length": True,
}
"""The signature is PyJWT's to check; times, audience and issuer are ours, by our clock."""
_Number = (int, float)


class IdTokenFault(StrEnum):
    """Why an ID token names nobody."""

    BAD = "bad_answer"
    NO_SECOND_FACTOR = "no_second_factor"


class IdTokenRefused(Exception):
    """An ID token does not hold. Never says what stood in it."""

    def __init__(self, fault: IdTokenFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class UnknownKey(Exception):
    """The token names a signing key that is not among the given ones: the provider may have a new one."""


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """What makes a provider's ID token good for us.

    `person_claim` names the claim that holds the person's name as the project writes it. The second factor is
    certain where `acr` or `amr` says what that claim must show, or where the provider is `enforcing` it for
    everybody and says nothing (the local OpenBao). With none of the three nobody gets in.
    """

    issuer: str
    client_id: str
    person_claim: str
    acr: str = ""
    amr: str = ""
    enforcing: bool = False
    device_claim: str = ""
    """The claim that says what the device is; empty: none does."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider has signed in, and what it says of their device."""

    person: str
    devices: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What an authorization request asks with. `verifier` is the secret behind the PKCE challenge."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def authorization_query(asked: Asked, rules: ProviderRules, scope: str) -> str:
    """The query of the provider's authorization endpoint."""
    parameters = {
        "response_type": "code",
        "scope": scope,
        "client_id": rules.client_id,
        "redirect_uri": asked.redirect_uri,
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge(asked.verifier),
        "code_challenge_method": "S256",
    }
    return urlencode(parameters | ({"acr_values": rules.acr} if rules.acr else {}))


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def usable_keys(key_set: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """The signing keys of a JWK Set (RFC 7517) by key id; those of other kinds are left out."""
    found = {}
    entries = key_set.get("keys")
    for entry in entries if isinstance(entries, list) else ():
        try:
            key = jwt.PyJWK.from_dict(entry)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError):
            continue
        if key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig"):
            found[key.key_id] = key
    return found


def vouched(
    id_token: str,
    keys: Mapping[str, jwt.PyJWK],
    rules: ProviderRules,
    nonce: str,
    now_s: int,
    settings: SignInSettings,
) -> Vouched:
    """Whom an ID token names. Raises IdTokenRefused, UnknownKey."""
    claims = _signed(id_token, keys)
    good = (
        claims["iss"] == rules.issuer
        and claims["aud"] in (rules.client_id, [rules.client_id])
        and claims.get("azp", rules.client_id) == rules.client_id
        and _timely(claims, now_s, settings)
        and isinstance(claims["nonce"], str)
        and hmac.compare_digest(claims["nonce"].encode("utf-8", "surrogatepass"), nonce.encode())
    )
    person = claims.get(rules.person_claim)
    if not good or not isinstance(person, str) or _PERSON.fullmatch(person) is None:
        raise IdTokenRefused(IdTokenFault.BAD)
    if not _second_factor(claims, rules):
        raise IdTokenRefused(IdTokenFault.NO_SECOND_FACTOR)
    devices = devices_of(claims.get(rules.device_claim)) if rules.device_claim else frozenset()
    return Vouched(person, devices)


def _signed(id_token: str, keys: Mapping[str, jwt.PyJWK]) -> dict[str, Any]:
    """The claims of a token with a good signature by one of our algorithms."""
    if len(id_token) > _MAX_CHARS:
        raise IdTokenRefused(IdTokenFault.BAD)
    try:
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise IdTokenRefused(IdTokenFault.BAD)
        key = keys.get(header.get("kid", ""))
        if key is None:
            raise UnknownKey
        claims: dict[str, Any] = jwt.decode(id_token, key, algorithms=list(ALGORITHMS), options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise IdTokenRefused(IdTokenFault.BAD) from None
    return claims


def _timely(claims: Mapping[str, Any], now_s: int, settings: SignInSettings) -> bool:
    """Written so that NaN, which JSON readers let through, is never timely."""
    expires, issued, not_before = claims["exp"], claims["iat"], claims.get("nbf", 0)
    if any(isinstance(one, bool) or not isinstance(one, _Number) for one in (expires, issued, not_before)):
        return False
    latest = now_s + settings.leeway_s
    oldest = now_s - settings.id_token_age_s
    return bool(expires > now_s and oldest <= issued <= latest and not_before <= latest)


def _second_factor(claims: Mapping[str, Any], rules: ProviderRules) -> bool:
    methods = claims.get("amr")
    shown_acr = not rules.acr or claims.get("acr") == rules.acr
    shown_amr = not rules.amr or (isinstance(methods, list) and rules.amr in methods)
    return (rules.enforcing or bool(rules.acr or rules.amr)) and shown_acr and shown_amr
