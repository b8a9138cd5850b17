"""A browser without a screen, and a provider that vouches for whomever a test says: both keep to the protocol."""

from __future__ import annotations

import secrets
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from deploy.signin.totp import code_at
from streams.web.oidc import Asked, IdTokenFault, IdTokenRefused, Vouched
from streams.web.provider import ProviderUnavailable

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, and takes no tenth of a second to read the system's authorities, as the default does."""
ANSWER_S = 60.0
"""No answer takes so long; the client's own limit of 5 s is met where other lanes have the cores."""


class VouchingProvider:
    """Implements IdentityProvider. A code is good once, for the sign-in it was given to."""

    issuer = "https://provider.test"

    def __init__(self) -> None:
        self.down = False
        self.closed = False
        self.devices: frozenset[str] = frozenset()
        self._codes: dict[str, tuple[str, str] | IdTokenFault] = {}

    def vouch(self, location: str, person: str) -> str:
        """A code for `person`, who was sent to `location`."""
        code, (state,) = secrets.token_hex(4), parse_qs(urlsplit(location).query)["state"]
        self._codes[code] = (person, state)
        return code

    def fail(self, fault: IdTokenFault) -> str:
        """A code whose ID token is refused."""
        code = secrets.token_hex(4)
        self._codes[code] = fault
        return code

    async def location(self, asked: Asked) -> str:
        if self.down:
            raise ProviderUnavailable("down")
        return f"{self.issuer}/authorize?state={asked.state}"

    async def person(self, code: str, asked: Asked, now_s: int) -> Vouched:
        if self.down:
            raise ProviderUnavailable("down")
        found = self._codes.pop(code, IdTokenFault.BAD)
        if isinstance(found, IdTokenFault):
            raise IdTokenRefused(found)
        person, state = found
        if state != asked.state:
            raise IdTokenRefused(IdTokenFault.BAD)
        return Vouched(person, self.devices)

    async def close(self) -> None:
        self.closed = True


class UnaskingProvider:
    """Implements IdentityProvider: signs in whoever is next, sending a real browser straight back."""

    issuer = "double"

    def __init__(self, next_person: str) -> None:
        self.next_person = next_person

    async def location(self, asked: Asked) -> str:
        return f"{asked.redirect_uri}?state={asked.state}&code=code&iss={self.issuer}"

    async def person(self, code: str, asked: Asked, now_s: int) -> Vouched:
        return Vouched(self.next_person)

    async def close(self) -> None:
        """It has no connections."""


class Browser:
    """Keeps cookies, follows nothing by itself, sends what browsers send."""

    def __init__(self, origin: str, tls: ssl.SSLContext | None = None) -> None:
        self.origin = origin
        self.http = httpx.Client(base_url=origin, verify=tls or _NO_TLS, timeout=ANSWER_S)
        self.csrf = ""

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={"sec-fetch-site": "same-origin", **_named(headers)})

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        own = {"sec-fetch-site": "same-origin", "origin": self.origin, "x-veil-csrf": self.csrf}
        return self.http.post(path, json=body, headers=own | _named(headers))

    def begin(self) -> str:
        """Click on "sign in": where the provider's page is."""
        answer = self.get("/signin")
        assert answer.status_code == 303
        return answer.headers["location"]

    def come_back(self, location: str, code: str, **more: str) -> httpx.Response:
        """What the provider's page makes of it in the end."""
        state = parse_qs(urlsplit(location).query)["state"][0]
        query = {"code": code, "state": state, **more}
        return self.http.get("/signin/callback", params=query, headers={"sec-fetch-site": "cross-site"})

    def sign_in(self, provider: VouchingProvider, person: str) -> httpx.Response:
        """The whole way; afterwards POSTs carry the session's token."""
        location = self.begin()
        answer = self.come_back(location, provider.vouch(location, person))
        me = self.get("/v1/me")
        if me.status_code == 200:
            self.csrf = me.json()["csrf"]
        return answer


@dataclass
class Guest:
    """Somebody with an invitation, at their browser. Whoever follows redirects gets where a browser would."""

    browser: Browser
    person: str
    password: str
    otpauth: str

    def code(self) -> str:
        return code_at(self.otpauth, int(time.time()))

    def fill_in(self, location: str, **changes: str) -> httpx.Response:
        """The provider's form, filled in and sent; its answer."""
        place = urlsplit(location)
        fields = {"person": self.person, "password": self.password, "code": self.code()} | changes
        headers = {
            "origin": f"{place.scheme}://{place.netloc}",
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
        }
        return httpx.post(location, content=urlencode(fields), headers=headers)

    def sign_in(self, **changes: str) -> str:
        """The whole way; where it leads in the end."""
        entered = self.fill_in(self.browser.begin(), **changes)
        assert entered.status_code == 303, entered.text
        answer = self.browser.http.get(entered.headers["location"], headers={"sec-fetch-site": "cross-site"})
        me = self.browser.get("/v1/me")
        if me.status_code == 200:
            self.browser.csrf = me.json()["csrf"]
        return answer.headers["location"]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").lower(): value for name, value in headers.items()}
