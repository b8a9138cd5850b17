"""Signing in and out with a browser: `GET /signin`, `GET /signin/callback`, `POST /signout`.

No address is ever taken from a request: a browser is sent to the provider, to `/`, or to `/?problem=` with a
reason of `SignInFault`. A session begins only in the callback, under a secret the browser has never seen before.
Who may come in, and what a session is for, is the host's to say: label's and the console's differ in nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from streams.engine.clock import Clock
from streams.web import session_cookie
from streams.web.oidc import Asked, IdTokenFault, IdTokenRefused, Vouched
from streams.web.places import neighbourhood
from streams.web.provider import IdentityProvider, ProviderUnavailable
from streams.web.session_cookie import CookieRefused, Cookies, as_secret, as_text
from streams.web.sessions import SECRET_BYTES, Session
from streams.web.settings import SignInSettings
from streams.web.signins import SignIns
from streams.web.throttle import Throttle
from topology.permissions import Denial

CALLBACK = "/signin/callback"
_MAX_PARAMETERS = 16
_LOCAL = ("127.0.0.1", "localhost", "::1")


class SignInFault(StrEnum):
    """Why nobody was signed in: what `/?problem=` and the audit say."""

    NO_PROVIDER = "no_provider"
    UNAVAILABLE = "signin_unavailable"
    TOO_MANY = "too_many_signins"
    STALE = "stale_signin"
    PROVIDER_REFUSED = "provider_refused"
    BAD_ANSWER = "bad_answer"
    BAD_BATCH = "bad_batch"
    NO_SECOND_FACTOR = "no_second_factor"
    REVOKED = Denial.REVOKED.value
    NOT_PERMITTED = Denial.NOT_PERMITTED.value
    CONFLICTING_DUTIES = Denial.CONFLICTING_DUTIES.value
    NOT_TRAINED = Denial.NOT_TRAINED.value
    WRONG_DEVICE = Denial.WRONG_DEVICE.value
    OUTSIDE_HOURS = Denial.OUTSIDE_HOURS.value
    FROZEN = "project_frozen"
    FULL = "too_many_sessions"


class SignInRefused(Exception):
    """Nobody is signed in. `person` is set only where the provider has vouched for them; `rules` forbid it."""

    def __init__(self, fault: SignInFault, person: str = "", rules: tuple[str, ...] = ()) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.person = person
        self.rules = rules


@dataclass(frozen=True, slots=True)
class Entrance:
    """What every sign-in needs from the outside. `origin`: scheme, host and port by which browsers know the
    process; `cookie`: what its cookies are called, since a browser sends those of one port to all others.
    """

    origin: str
    provider: IdentityProvider | None
    cookie: str
    randomness: Callable[[int], bytes] = os.urandom
    settings: SignInSettings = field(default_factory=SignInSettings)

    @property
    def cookies(self) -> Cookies:
        """`Secure` wherever there is TLS."""
        return Cookies(self.origin.startswith("https://"), self.cookie)


class Host(Protocol):
    """Whose page it is. Called from one event loop."""

    parameter: str
    """Of `GET /signin`: what a person may say they come for; empty: nothing."""

    def wanted(self, request: Request) -> str:
        """What they come for; empty where they don't say. Raises SignInRefused."""
        ...

    def admit(self, vouched: Vouched, wanted: str) -> tuple[str, ...]:
        """The rules by which somebody may have a session now. Raises SignInRefused."""
        ...

    async def begin(self, vouched: Vouched, wanted: str, before: str | None, rules: tuple[str, ...]) -> str:
        """The cookie of a new session, once its beginning is on the audit; `before`: the one that the browser came
        with. Raises SignInRefused.
        """
        ...

    async def end(self, session: Session) -> None:
        """End a session by its person's wish. Raises what the app answers with an error."""
        ...

    def deny(self, fault: SignInFault, person: str, rules: tuple[str, ...]) -> None:
        """Have a refusal audited, without waiting."""
        ...


class SignIn:
    """The three calls, without their routes. Used from one event loop."""

    def __init__(self, entrance: Entrance, host: Host, clock: Clock) -> None:
        limits = entrance.settings
        self._entrance = entrance
        self._host = host
        self._clock = clock
        self._signins = SignIns(limits)
        self._by_address = Throttle(limits.per_address_minute, limits.per_address_burst)
        self._by_person = Throttle(limits.per_person_minute, limits.per_person_burst)

    async def begin(self, request: Request) -> Response:
        """To the provider, with a cookie that ties what comes back to this browser."""
        try:
            wanted = self._host.wanted(request)
            if self._elsewhere(request):
                query = f"?{self._host.parameter}={wanted}" if wanted else ""
                return _see(f"{self._entrance.origin}/signin{query}")
            return await self._begin(request, wanted)
        except SignInRefused as refused:
            return self._problem(refused)

    async def callback(self, request: Request) -> Response:
        """What the provider sends the browser back with: a session, or the reason why there is none."""
        cookies = self._entrance.cookies
        try:
            secret = await self._callback(request)
        except SignInRefused as refused:
            answer = self._problem(refused)
        else:
            answer = _see("/")
            answer.headers.append("set-cookie", cookies.set_session(secret))
        answer.headers.append("set-cookie", cookies.forget(cookies.signin))
        return answer

    async def sign_out(self, session: Session) -> Response:
        """End a session. It opens nothing more in this process, whatever the audit says; but the browser keeps its
        cookie, to ask again, until the end is committed: another process that takes over would know of no end.
        """
        await self._host.end(session)
        cookies = self._entrance.cookies
        headers = {"set-cookie": cookies.forget(cookies.session)}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _begin(self, request: Request, wanted: str) -> Response:
        provider, now = self._provider(), self._clock.now()
        self._admit(request, now)
        state, nonce, verifier, browser = (self._entrance.randomness(SECRET_BYTES) for _ in range(4))
        asked = Asked(self._entrance.origin + CALLBACK, as_text(state), as_text(nonce), as_text(verifier))
        try:
            location = await provider.location(asked)
        except ProviderUnavailable:
            raise SignInRefused(SignInFault.UNAVAILABLE) from None
        self._signins.begin(asked, wanted, browser, _whence(request), now)
        answer = _see(location)
        life_s = self._entrance.settings.begun_ms // 1000
        answer.headers.append("set-cookie", self._entrance.cookies.set_signin(as_text(browser), life_s))
        return answer

    async def _callback(self, request: Request) -> str:
        provider, now = self._provider(), self._clock.now()
        self._admit(request, now)
        answered = _parameters(request.url.query)
        taken = self._signins.take(answered.get("state", ""), self._browser(request), now)
        if taken is None:
            raise SignInRefused(SignInFault.STALE)
        asked, wanted = taken
        if answered.get("iss", provider.issuer) != provider.issuer:
            raise SignInRefused(SignInFault.BAD_ANSWER)
        if "error" in answered:
            raise SignInRefused(SignInFault.PROVIDER_REFUSED)
        vouched = await self._vouched(provider, answered.get("code", ""), asked, now)
        rules = self._host.admit(vouched, wanted)
        if not self._by_person.admit(vouched.person, now):
            raise SignInRefused(SignInFault.TOO_MANY, vouched.person)
        before = self._cookie(request, self._entrance.cookies.session)
        return await self._host.begin(vouched, wanted, before, rules)

    async def _vouched(self, provider: IdentityProvider, code: str, asked: Asked, now: int) -> Vouched:
        try:
            return await provider.person(code, asked, now // 1000)
        except IdTokenRefused as refused:
            second = refused.fault is IdTokenFault.NO_SECOND_FACTOR
            fault = SignInFault.NO_SECOND_FACTOR if second else SignInFault.BAD_ANSWER
            raise SignInRefused(fault) from None
        except ProviderUnavailable:
            raise SignInRefused(SignInFault.UNAVAILABLE) from None

    def _provider(self) -> IdentityProvider:
        if self._entrance.provider is None:
            raise SignInRefused(SignInFault.NO_PROVIDER)
        return self._entrance.provider

    def _admit(self, request: Request, now: int) -> None:
        if not self._by_address.admit(_whence(request).hex(), now):
            raise SignInRefused(SignInFault.TOO_MANY)

    def _browser(self, request: Request) -> bytes | None:
        value = self._cookie(request, self._entrance.cookies.signin)
        return as_secret(value) if value else None

    @staticmethod
    def _cookie(request: Request, name: str) -> str | None:
        try:
            return session_cookie.read(request.headers.getlist("cookie"), name)
        except CookieRefused:
            raise SignInRefused(SignInFault.STALE) from None

    def _elsewhere(self, request: Request) -> bool:
        """On localhost under another of its names: the provider would send it back to where it has no cookies."""
        own = urlsplit(self._entrance.origin)
        return own.hostname in _LOCAL and request.headers.get("host") != own.netloc

    def _problem(self, refused: SignInRefused) -> Response:
        self._host.deny(refused.fault, refused.person, refused.rules)
        return _see(f"/?problem={refused.fault.value}")


def _whence(request: Request) -> bytes:
    """What counts as one address."""
    return neighbourhood(request.client.host) if request.client else b""


def _see(location: str) -> Response:
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": location})


def _parameters(query: str) -> dict[str, str]:
    """The parameters of a provider's answer, each once. Raises SignInRefused."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise SignInRefused(SignInFault.STALE) from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise SignInRefused(SignInFault.STALE)
    return dict(pairs)
