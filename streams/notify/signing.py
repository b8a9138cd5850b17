"""Signatures of Standard Webhooks 1.0, symmetric (`v1`): HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from hashlib import sha256

from schemas.errors import ConfigError

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
"""Of a secret, by the specification."""
MADE_BYTES = 32
MOST_SECRETS = 2
"""The one in use and the one before: a receiver changes over without losing a message."""


def headers(message_id: str, seconds: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """The three headers; `seconds` since the epoch. One signature for each secret, the newest first."""
    signed = f"{message_id}.{seconds}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(secret, signed, sha256)).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def written(secret: bytes) -> str:
    """A secret in the form in which it is handed over."""
    return PREFIX + base64.b64encode(secret).decode()


def read(text: str, source: str) -> tuple[bytes, ...]:
    """The secrets in a file, one a line, the newest first. Raises ConfigError, which quotes nothing."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MOST_SECRETS:
        raise ConfigError(f"{source}: holds {len(lines)} secrets; write one or two, one a line, the newest first")
    return tuple(_secret(line, f"{source}: line {number}") for number, line in enumerate(lines, start=1))


def _secret(line: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"{where}: is no secret; it has to be {PREFIX} and base64") from None
    if not line.startswith(PREFIX) or not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise ConfigError(f"{where}: is no secret; it has to be {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} bytes")
    return secret
