"""Annotators' bearer tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037, `EdDSA`), one hour at most.

Claims: `iss`, `sub` (the person), `aud` (`label.<project>`), `project`, `role` (`annotator`), `iat`, `exp`, `jti`,
and `device` where an app says it. The header's `kid` names the pinned key, and is the issuer: an annotator app of
the project, or one of its operators. Time is an argument.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options

from streams.web.devices import CLAIM, devices_of
from streams.web.sessions import Session

ROLE = "annotator"
_ALGORITHM = "EdDSA"
_CLAIMS = ("iss", "sub", "aud", "project", "role", "iat", "exp", "jti")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
    "require": list(_CLAIMS),
}
"""The signature is PyJWT's to check; times and audience are ours, by our clock."""
_MAX_CHARS = 4_096
"""A token of ours has about 500."""
_KEPT = 1_024
"""Signatures remembered: people who work at the same time."""


class TokenFault(StrEnum):
    """Why a token was not accepted. The first three: who are you (401); the rest: you may not (403)."""

    MISSING = "missing_token"
    BAD = "bad_token"
    EXPIRED = "expired_token"
    WRONG_PROJECT = "wrong_project"
    WRONG_ROLE = "wrong_role"


class TokenRefused(Exception):
    """A bearer token does not hold. `person` is set only where the signature holds."""

    def __init__(self, fault: TokenFault, person: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.person = person


@dataclass(frozen=True, slots=True)
class Person:
    """Who is calling, as a valid token or a browser's session says. `expires_at` in seconds since the epoch.

    `issuer`: who has signed the token; empty for a browser. `rules`: by which they may do what they ask for, once
    that is decided.
    """

    name: str
    project: str
    role: str
    expires_at: int
    session: Session | None = None
    issuer: str = ""
    devices: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must be like. `keys` are raw 32-byte Ed25519 public keys by key id."""

    project: str
    keys: Mapping[str, bytes]
    ttl_s: int
    leeway_s: int


def audience(project: str) -> str:
    """Who tokens for a project's queue are meant for."""
    return f"label.{project}"


Verify = Callable[[str, TokenRules], dict[str, Any]]
"""The claims of a token with a good signature. Raises TokenRefused."""


class Verified:
    """A `Verify` that remembers good signatures by the token's SHA-256: parsing and Ed25519 took a quarter of a
    call's time. Keys are pinned for a process's life, so what held once holds; times are checked at each call.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._claims: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    def __call__(self, token: str, rules: TokenRules) -> dict[str, Any]:
        """For one set of rules only."""
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._claims.get(name)
        if known is not None:
            return known
        claims = self._claims[name] = verified(token, rules)
        if len(self._claims) > self._kept:
            self._claims.popitem(last=False)
        return claims


def check(authorization: str | None, rules: TokenRules, now_s: int, verify: Verify) -> Person:
    """The person behind an `Authorization` header. Raises TokenRefused."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenRefused(TokenFault.MISSING)
    claims = verify(token.strip(), rules)
    _check_times(claims, rules, now_s)
    person = claims["sub"]
    if not isinstance(person, str) or _NAME.fullmatch(person) is None:
        raise TokenRefused(TokenFault.BAD)
    if claims["aud"] != audience(rules.project) or claims["project"] != rules.project:
        raise TokenRefused(TokenFault.WRONG_PROJECT, person)
    if claims["role"] != ROLE:
        raise TokenRefused(TokenFault.WRONG_ROLE, person)
    devices = devices_of(claims.get(CLAIM))
    return Person(person, rules.project, ROLE, claims["exp"], issuer=claims["iss"], devices=devices)


def verified(token: str, rules: TokenRules) -> dict[str, Any]:
    """The claims of a token with a good signature. Raises TokenRefused."""
    if len(token) > _MAX_CHARS:
        raise TokenRefused(TokenFault.BAD)
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
        key = Ed25519PublicKey.from_public_bytes(rules.keys[kid])
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[_ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError):
        raise TokenRefused(TokenFault.BAD) from None
    if claims["iss"] != kid:  # who signs in another's name is on the audit as that other
        raise TokenRefused(TokenFault.BAD)
    return claims


def _check_times(claims: Mapping[str, Any], rules: TokenRules, now_s: int) -> None:
    issued, expires = claims["iat"], claims["exp"]
    if not _whole(issued) or not _whole(expires) or expires <= issued:
        raise TokenRefused(TokenFault.BAD)
    if expires - issued > rules.ttl_s or issued > now_s + rules.leeway_s:
        raise TokenRefused(TokenFault.BAD)
    if expires <= now_s:
        raise TokenRefused(TokenFault.EXPIRED)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
