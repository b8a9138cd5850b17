"""One person's way through the local OpenBao: password, second factor, code. Holds nothing in between."""

from __future__ import annotations

import base64
import contextlib
import re
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from schemas.errors import VaultUnavailable
from vault.people import MOUNT, PROVIDER

TIMEOUT_S = 5.0
"""A password costs OpenBao 60 ms (bcrypt); seconds mean that it is not there."""
PARAMETERS = (
    "response_type",
    "scope",
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)
"""Of an authorization request, and nothing else is passed on."""
_PERSON = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CODE = re.compile(r"[0-9]{6}")


class LoginRefused(Exception):
    """Name, password or code is wrong, or the account is closed for a while; which, nobody is told."""


class CodeRefused(Exception):
    """The person is who they say, but may not enter this project, or the request is not one of its page."""


class VaultLogin:
    """Used from one event loop."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/v1/", verify=tls, timeout=TIMEOUT_S, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def code(self, person: str, password: str, passcode: str, request: Mapping[str, str]) -> str:
        """The authorization code for a request. Raises LoginRefused, CodeRefused, VaultUnavailable."""
        return await self._authorized(await self.token(person, password, passcode), request)

    async def signature(self, person: str, password: str, passcode: str, message: bytes) -> str:
        """A person's signature with their own key, in base64; their token is revoked after it. Raises
        LoginRefused, CodeRefused (they have no key to sign with), VaultUnavailable.
        """
        token = await self.token(person, password, passcode)
        headers = {"X-Vault-Token": token}
        body = {"input": base64.b64encode(message).decode("ascii")}
        try:
            answer = await self._ask("POST", f"transit/sign/sign-{person}", json=body, headers=headers)
        except LoginRefused:
            raise CodeRefused from None
        finally:
            with contextlib.suppress(VaultUnavailable, LoginRefused):  # it lives a minute, whatever happens
                await self._ask("POST", "auth/token/revoke-self", headers=headers)
        data = answer.get("data")
        signature = data.get("signature") if isinstance(data, dict) else None
        if not isinstance(signature, str):
            raise VaultUnavailable("the vault answered without a signature")
        return signature.rpartition(":")[2]

    async def token(self, person: str, password: str, passcode: str) -> str:
        """A person's own token, for a minute (`vault.people`). Raises LoginRefused, VaultUnavailable."""
        if _PERSON.fullmatch(person) is None or _CODE.fullmatch(passcode) is None:
            raise LoginRefused
        first = await self._ask("POST", f"auth/{MOUNT}/login/{person}", json={"password": password})
        second = await self._ask("POST", "sys/mfa/validate", json=_with_factor(first, passcode))
        token = _auth(second).get("client_token")
        if not isinstance(token, str) or not token:
            raise LoginRefused
        return token

    async def _authorized(self, token: str, request: Mapping[str, str]) -> str:
        asked = {name: request[name] for name in PARAMETERS if name in request}
        path = f"identity/oidc/provider/{PROVIDER}/authorize"
        try:
            answer = await self._ask("GET", path, params=asked, headers={"X-Vault-Token": token})
        except LoginRefused:
            raise CodeRefused from None
        code = answer.get("code")
        if not isinstance(code, str) or not code:
            raise CodeRefused
        return code

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError:
            raise VaultUnavailable("the vault does not answer") from None
        if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise LoginRefused
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        try:
            found = answer.json() if answer.is_success else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise VaultUnavailable(f"the vault answered {answer.status_code}")
        return found


def _auth(answer: Mapping[str, Any]) -> dict[str, Any]:
    found = answer.get("auth")
    return found if isinstance(found, dict) else {}


def _with_factor(answer: Mapping[str, Any], passcode: str) -> dict[str, Any]:
    """What `sys/mfa/validate` takes. A login that asks for no second factor is refused: then none is enforced."""
    requirement = _auth(answer).get("mfa_requirement")
    if not isinstance(requirement, dict) or _auth(answer).get("client_token"):
        raise LoginRefused
    constraints = requirement.get("mfa_constraints") or {}
    methods = [method["id"] for constraint in constraints.values() for method in constraint["any"]]
    return {
        "mfa_request_id": requirement["mfa_request_id"],
        "mfa_payload": {method: [passcode] for method in methods},
    }
