"""Registers schemas: who provisions may, and no process.

Our own registry believes a token that is signed here (RFC 7519, RS256) and good for a minute by the clock of who
signs: it knows the key's public half, so that nobody else has to be asked.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.errors import AccessDenied, ConfigError, StackError
from schemas.registry_calls import CONFLICT, DENIED, UNAUTHENTICATED, UNPROCESSABLE, RegistryCalls, answered, part

ISSUER, AUDIENCE, WRITER = "veil-provisioner", "veil-registry", "sr-developer"
"""Who signs, for whom, and the role it says: by Apicurio's name for who may register and not administer."""
GOOD_FOR_S = 60
MIN_BITS = 2048
"""What RS256 asks for (RFC 7518, 3.3); the registry itself would take less."""


class Registrar:
    """Thread-safe."""

    def __init__(
        self, url: str, verify: ssl.SSLContext | bool = True, token: Callable[[], str] | None = None
    ) -> None:
        self._calls = RegistryCalls(url, verify, token)

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def register(self, subject_name: str, schema: str) -> int:
        """Register a schema under FULL_TRANSITIVE; the id, which may be one it had before.

        Raises StackError when the change is not compatible with every version before, or the registry takes it for
        no schema; AccessDenied where it is refused; RegistryUnavailable.
        """
        self.keep_compatible(subject_name)
        answer = self._changed("POST", f"/subjects/{quote(subject_name, safe='')}/versions", {"schema": schema})
        if answer.status_code == CONFLICT:
            raise StackError(f"{subject_name}: this change is not compatible with an earlier version")
        if answer.status_code == UNPROCESSABLE:  # Avro's own Java library is stricter than fastavro
            raise StackError(f"{subject_name}: the registry takes it for no Avro schema")
        return part(answered(answer, dict), "id", int)

    def keep_compatible(self, subject_name: str) -> None:
        """From now on it takes FULL_TRANSITIVE changes only. Raises AccessDenied, RegistryUnavailable."""
        asked = {"compatibility": "FULL_TRANSITIVE"}
        answered(self._changed("PUT", f"/config/{quote(subject_name, safe='')}", asked), dict)

    def _changed(self, method: str, path: str, content: dict[str, str]) -> httpx.Response:
        answer = self._calls.call(method, path, content)
        if answer.status_code in DENIED:
            clock = (
                f", by a clock that is right to {GOOD_FOR_S} s" if answer.status_code == UNAUTHENTICATED else ""
            )
            raise AccessDenied(
                f"the schema registry refuses this ({answer.status_code}); only who provisions may{clock}"
            )
        return answer


class WriterKey:
    """The key that such tokens are signed by. `now`: seconds since 1970. Thread-safe; prints nothing of it."""

    def __init__(self, key: rsa.RSAPrivateKey, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._now = now

    @classmethod
    def load(cls, path: Path, now: Callable[[], float] = time.time) -> WriterKey:
        """Of a file (PEM, not encrypted). Raises ConfigError for what is none, OSError."""
        content = path.read_bytes()
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except TypeError:
            raise ConfigError(f"{path} is encrypted; schemas are registered by a key that isn't") from None
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < MIN_BITS:
            raise ConfigError(
                f"{path} should hold the RSA key, of {MIN_BITS} bits or more, to register schemas by"
            )
        return cls(key, now)

    @property
    def public(self) -> str:
        """Its public half as the registry is told it: SubjectPublicKeyInfo in Base64."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self._key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()

    def token(self) -> str:
        """Good from now on for a minute."""
        now = int(self._now())
        said = {
            "iss": ISSUER,
            "sub": ISSUER,
            "aud": AUDIENCE,
            "groups": [WRITER],
            "iat": now,
            "exp": now + GOOD_FOR_S,
        }
        return jwt.encode(said, self._key, algorithm="RS256")
