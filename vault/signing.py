"""Signatures made in Vault: control records, and annotators' short-lived tokens (EdDSA JWTs, RFC 7519, RFC 8037).

The private keys (`sign-<person>`, `sign-<role>.<project>`) never leave Vault; verifiers pin the public ones in
the topology. Ed25519 signs the message itself, never a hash of it (Vault ignores `prehashed`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

from schemas.control import control_message
from schemas.errors import ConfigError
from schemas.records import ControlState
from vault.interface import Transit

MAX_TOKEN_S = 3600
"""A stolen token ends within the hour; an annotator's session is renewed by a new one."""
ALGORITHM = "EdDSA"
ANNOTATOR = "annotator"


def key_of(signer: str) -> str:
    """The transit key a person (`alice`) or role (`keeper.demo`) signs with."""
    return f"sign-{signer}"


def audience(project: str) -> str:
    """The `aud` claim that label of a project accepts."""
    return f"label.{project}"


def sign_control(
    transit: Transit, signer: str, *, key: str, version: int, kind: str, body: bytes, now: int
) -> ControlState:
    """A signed control record. `key` must end in `/<signer>`; `now` in milliseconds."""
    if not key.endswith(f"/{signer}"):
        raise ConfigError(f"control key {key} does not end in its signer {signer}")
    signature = transit.sign(key_of(signer), control_message(key, version, kind, body))
    return ControlState(
        key=key, version=version, kind=kind, body=body, signer=signer, signature=signature, signed_at=now
    )


def issue_token(
    transit: Transit,
    *,
    issuer: str,
    person: str,
    project: str,
    token_id: str,
    now: int,
    lifetime_s: int = MAX_TOKEN_S,
    devices: Sequence[str] = (),
) -> str:
    """A bearer token with which `person` takes tasks of `project`; `now` in milliseconds. `issuer`: an annotator
    app of the project, or an operator. `devices`: what the issuer says of the device it is for.

    Claims: iss, sub (the person), aud `label.<project>`, project, role `annotator`, iat, exp, jti, device.
    Header: alg EdDSA, kid the issuer. Raises ConfigError for a lifetime over an hour.
    """
    if not 0 < lifetime_s <= MAX_TOKEN_S:
        raise ConfigError(f"a token lives 1 to {MAX_TOKEN_S} seconds, not {lifetime_s}")
    issued = now // 1000
    header = {"alg": ALGORITHM, "kid": issuer, "typ": "JWT"}
    claims: dict[str, object] = {
        "aud": audience(project),
        "exp": issued + lifetime_s,
        "iat": issued,
        "iss": issuer,
        "jti": token_id,
        "project": project,
        "role": ANNOTATOR,
        "sub": person,
    }
    if devices:
        claims["device"] = list(devices)
    signed = f"{_part(header)}.{_part(claims)}"
    signature = transit.sign(key_of(issuer), signed.encode("ascii"))
    return f"{signed}.{_base64url(signature)}"


def _part(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
