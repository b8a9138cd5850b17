"""An OpenID provider over HTTPS: its configuration, its keys, and the exchange of a code for an ID token."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx
import jwt

from schemas.errors import DependencyError
from streams.web import oidc
from streams.web.oidc import Asked, IdTokenFault, IdTokenRefused, ProviderRules, UnknownKey, Vouched
from streams.web.settings import SignInSettings

TIMEOUT_S = 6.0
"""For one question: a person waits, and the browser shows nothing meanwhile."""
MAX_BYTES = 256 * 1024
"""Of one answer. A key set has some kB, an answer with an ID token 2 kB."""
REFRESH_S = 30
"""Keys are asked for anew at most so often, whatever key ids tokens name."""
_DISCOVERY = "/.well-known/openid-configuration"


class ProviderUnavailable(DependencyError):
    """The provider does not answer, or not as OpenID Connect Discovery 1.0 says it must."""


class IdentityProvider(Protocol):
    """The seam to whoever knows people's passwords and second factors. Called from one event loop."""

    @property
    def issuer(self) -> str:
        """Its name; what an `iss` beside a code must be (RFC 9207)."""
        ...

    async def location(self, asked: Asked) -> str:
        """Where to send a browser to sign in. Raises ProviderUnavailable."""
        ...

    async def person(self, code: str, asked: Asked, now_s: int) -> Vouched:
        """Whom the provider has signed in. Raises IdTokenRefused, ProviderUnavailable."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """A provider. `secret` makes us a confidential client; `authorization_endpoint` overrides what discovery says
    (the local OpenBao has no page of its own).
    """

    rules: ProviderRules
    tls: ssl.SSLContext
    scope: str = oidc.SCOPE
    secret: str = field(default="", repr=False)
    authorization_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class _Endpoints:
    authorization: str
    token: str
    keys: str


class OidcProvider:
    """Implements IdentityProvider. Reads the configuration at the first sign-in. `transport` is for tests."""

    def __init__(
        self,
        provider: ProviderSettings,
        settings: SignInSettings,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._http = httpx.AsyncClient(
            verify=provider.tls, timeout=TIMEOUT_S, trust_env=False, transport=transport
        )
        self._endpoints: _Endpoints | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_at: int | None = None

    @property
    def issuer(self) -> str:
        """As configured; discovery must say the same."""
        return self._provider.rules.issuer

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def location(self, asked: Asked) -> str:
        """Where to send a browser to sign in."""
        endpoint = (await self._configured()).authorization
        query = oidc.authorization_query(asked, self._provider.rules, self._provider.scope)
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    async def person(self, code: str, asked: Asked, now_s: int) -> Vouched:
        """Exchange the code, verify the ID token."""
        endpoints = await self._configured()
        token = await self._exchange(endpoints.token, code, asked)
        for keys in (self._keys, None):
            known = keys if keys is not None else await self._fresh_keys(endpoints.keys, now_s)
            try:
                return oidc.vouched(token, known, self._provider.rules, asked.nonce, now_s, self._settings)
            except UnknownKey:
                continue
        raise IdTokenRefused(IdTokenFault.BAD)

    async def _exchange(self, endpoint: str, code: str, asked: Asked) -> str:
        rules, secret = self._provider.rules, self._provider.secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        # RFC 6749 §2.3.1: both halves are form-encoded before they become user name and password.
        auth = httpx.BasicAuth(quote(rules.client_id, safe=""), quote(secret, safe="")) if secret else None
        if not secret:
            form["client_id"] = rules.client_id
        answer = await self._ask("POST", endpoint, form, auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise IdTokenRefused(IdTokenFault.BAD)
        return token

    async def _configured(self) -> _Endpoints:
        if self._endpoints is None:
            found = await self._ask("GET", self.issuer.rstrip("/") + _DISCOVERY)
            if found.get("issuer") != self.issuer:
                raise ProviderUnavailable("the OpenID provider names another issuer than the configured one")
            own = self._provider.authorization_endpoint
            self._endpoints = _Endpoints(
                own or _address(found, "authorization_endpoint"),
                _address(found, "token_endpoint"),
                _address(found, "jwks_uri"),
            )
        return self._endpoints

    async def _fresh_keys(self, address: str, now_s: int) -> dict[str, jwt.PyJWK]:
        if self._keys_at is None or not 0 <= now_s - self._keys_at < REFRESH_S:
            self._keys = oidc.usable_keys(await self._ask("GET", address))
            self._keys_at = now_s
        return self._keys

    async def _ask(
        self, method: str, address: str, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> dict[str, Any]:
        """The JSON object answered. A 4xx to a form says that the code is no good; all else: it can't answer."""
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._http.stream(method, address, data=form, auth=auth) as answer,
            ):
                content = await _bounded(answer)
        except (httpx.HTTPError, TimeoutError, httpx.InvalidURL):
            raise ProviderUnavailable("the OpenID provider does not answer") from None
        if form is not None and answer.is_client_error:
            raise IdTokenRefused(IdTokenFault.BAD)
        try:
            found = json.loads(content) if answer.is_success else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProviderUnavailable(f"the OpenID provider answered {answer.status_code}, or no JSON object")
        return found


async def _bounded(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > MAX_BYTES:
            raise ProviderUnavailable(f"the OpenID provider answered more than {MAX_BYTES} bytes")
    return bytes(content)


def _address(configuration: Mapping[str, Any], name: str) -> str:
    address = configuration.get(name)
    # It goes into a `Location` header: nothing that could end one.
    plain = isinstance(address, str) and address.isascii() and address.isprintable() and " " not in address
    if not isinstance(address, str) or not plain or not address.startswith("https://"):
        raise ProviderUnavailable(f"the OpenID provider's configuration has no https address as {name}")
    return address
