"""The code of the moment for an `otpauth://totp/…` address (RFC 6238), as an authenticator app would show it."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from schemas.errors import ConfigError

_LEAST_BYTES = 16  # 128 bits: RFC 4226 §4 R6
_DIGITS, _PERIOD_S = 6, 30
"""As `vault.people.TOTP` has them made."""


def code_at(otpauth: str, now_s: int) -> str:
    """Six digits. Raises ConfigError for an address that holds no secret."""
    secret = parse_qs(urlsplit(otpauth).query).get("secret", [""])[0]
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except binascii.Error:
        key = b""
    if len(key) < _LEAST_BYTES:
        raise ConfigError("this is no otpauth address with a secret; `veil up` writes a new one")
    return TOTP(key, _DIGITS, SHA1(), _PERIOD_S).generate(now_s).decode()  # noqa: S303 - what every authenticator app can
