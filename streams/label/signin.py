"""Signing in and out with a browser: `GET /signin`, `GET /signin/callback`, `POST /signout`.

No address is ever taken from a request: a browser is sent to the provider, to `/`, or to `/?problem=` with a
reason of `SignInFault`. A session begins only in the callback, under a secret the browser has never seen before.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from streams.engine.clock import Clock
from streams.label import session_cookie
from streams.label.oidc import Asked, IdTokenFault, IdTokenRefused
from streams.label.problems import Problem
from streams.label.provider import IdentityProvider, ProviderUnavailable
from streams.label.session_cookie import CookieRefused, Cookies, as_secret, as_text
from streams.label.session_desk import SessionDesk
from streams.label.sessions import BATCH, SECRET_BYTES, Ending, Scope, Session, SessionsFull
from streams.label.settings import SessionSettings, SignInSettings
from streams.label.signins import SignIns
from streams.label.standing import Standing, purpose_of, standing
from streams.label.throttle import Throttle
from topology.project import Persons

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
    NOT_ANNOTATOR = "not_annotator"
    CONFLICT = "conflicting_duties"
    FROZEN = "project_frozen"
    FULL = "too_many_sessions"


class SignInRefused(Exception):
    """Nobody is signed in. `person` is set only where the provider has vouched for them."""

    def __init__(self, fault: SignInFault, person: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.person = person


@dataclass(frozen=True, slots=True)
class SignInSeams:
    """What signing in needs from the outside. `origin`: scheme, host and port by which browsers know this process.

    `persons`: who has which duty now, None where that can't be read. `frozen`: whether label is stopped.
    `is_complete`: whether nothing is left to do in a batch ("": in all of them); asked once a second for each
    session, from the API's thread.
    """

    origin: str
    provider: IdentityProvider | None
    persons: Callable[[], Persons | None]
    frozen: Callable[[], bool]
    randomness: Callable[[int], bytes] = os.urandom
    sessions: SessionSettings = field(default_factory=SessionSettings)
    settings: SignInSettings = field(default_factory=SignInSettings)
    is_complete: Callable[[str], bool] = lambda _: False

    @property
    def cookies(self) -> Cookies:
        """`Secure` wherever there is TLS."""
        return Cookies(self.origin.startswith("https://"))


NO_SIGN_IN = SignInSeams("", None, lambda: None, lambda: False)
"""Where nobody can sign in: bearer tokens only."""


class SignIn:
    """The three calls, without their routes. Used from one event loop. `deny` has a refusal audited."""

    def __init__(
        self, seams: SignInSeams, desk: SessionDesk, deny: Callable[[SignInFault, str], None], clock: Clock
    ) -> None:
        limits = seams.settings
        self._seams = seams
        self._desk = desk
        self._deny = deny
        self._clock = clock
        self._signins = SignIns(limits)
        self._by_address = Throttle(limits.per_address_minute, limits.per_address_burst)
        self._by_person = Throttle(limits.per_person_minute, limits.per_person_burst)

    async def begin(self, request: Request) -> Response:
        """To the provider, with a cookie that ties what comes back to this browser."""
        try:
            batch = _batch(request)
            if self._elsewhere(request):
                return _see(f"{self._seams.origin}/signin{f'?batch={batch}' if batch else ''}")
            return await self._begin(request, batch)
        except SignInRefused as refused:
            return self._problem(refused)

    async def callback(self, request: Request) -> Response:
        """What the provider sends the browser back with: a session, or the reason why there is none."""
        cookies = self._seams.cookies
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
        await self._desk.sign_out(session)
        cookies = self._seams.cookies
        headers = {"set-cookie": cookies.forget(cookies.session)}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _begin(self, request: Request, batch: str) -> Response:
        provider, now = self._provider(), self._clock.now()
        self._admit(request, now)
        state, nonce, verifier, browser = (self._seams.randomness(SECRET_BYTES) for _ in range(4))
        asked = Asked(self._seams.origin + CALLBACK, as_text(state), as_text(nonce), as_text(verifier))
        try:
            location = await provider.location(asked)
        except ProviderUnavailable:
            raise SignInRefused(SignInFault.UNAVAILABLE) from None
        if not self._signins.begin(asked, batch, browser, now):
            raise SignInRefused(SignInFault.TOO_MANY)
        answer = _see(location)
        life_s = self._seams.settings.begun_ms // 1000
        answer.headers.append("set-cookie", self._seams.cookies.set_signin(as_text(browser), life_s))
        return answer

    async def _callback(self, request: Request) -> str:
        provider, now = self._provider(), self._clock.now()
        self._admit(request, now)
        answered = _parameters(request.url.query)
        taken = self._signins.take(answered.get("state", ""), self._browser(request), now)
        if taken is None:
            raise SignInRefused(SignInFault.STALE)
        asked, batch = taken
        if answered.get("iss", provider.issuer) != provider.issuer:
            raise SignInRefused(SignInFault.BAD_ANSWER)
        if "error" in answered:
            raise SignInRefused(SignInFault.PROVIDER_REFUSED)
        person = await self._vouched(provider, answered.get("code", ""), asked, now)
        self._may(person, now)
        scope = Scope(purpose_of(person, self._seams.persons()), batch)
        return await self._started(person, scope, self._cookie(request, self._seams.cookies.session))

    async def _vouched(self, provider: IdentityProvider, code: str, asked: Asked, now: int) -> str:
        try:
            return await provider.person(code, asked, now // 1000)
        except IdTokenRefused as refused:
            second = refused.fault is IdTokenFault.NO_SECOND_FACTOR
            fault = SignInFault.NO_SECOND_FACTOR if second else SignInFault.BAD_ANSWER
            raise SignInRefused(fault) from None
        except ProviderUnavailable:
            raise SignInRefused(SignInFault.UNAVAILABLE) from None

    def _may(self, person: str, now: int) -> None:
        """Raises SignInRefused unless `person` may have a session now."""
        found = standing(person, self._seams.persons())
        if found is not Standing.ANNOTATOR:
            raise SignInRefused(SignInFault(found.value), person)
        if self._seams.frozen():
            raise SignInRefused(SignInFault.FROZEN, person)
        if not self._by_person.admit(person, now):
            raise SignInRefused(SignInFault.TOO_MANY, person)

    async def _started(self, person: str, scope: Scope, before: str | None) -> str:
        try:
            return await self._desk.start(person, scope, before)
        except SessionsFull:
            raise SignInRefused(SignInFault.FULL, person) from None
        except Problem:  # its beginning is not on the audit: there is no session
            raise SignInRefused(SignInFault.UNAVAILABLE, person) from None

    def _provider(self) -> IdentityProvider:
        if self._seams.provider is None:
            raise SignInRefused(SignInFault.NO_PROVIDER)
        return self._seams.provider

    def _admit(self, request: Request, now: int) -> None:
        address = request.client.host if request.client else ""
        if not self._by_address.admit(address, now):
            raise SignInRefused(SignInFault.TOO_MANY)

    def _browser(self, request: Request) -> bytes | None:
        value = self._cookie(request, self._seams.cookies.signin)
        return as_secret(value) if value else None

    @staticmethod
    def _cookie(request: Request, name: str) -> str | None:
        try:
            return session_cookie.read(request.headers.getlist("cookie"), name)
        except CookieRefused:
            raise SignInRefused(SignInFault.STALE) from None

    def _elsewhere(self, request: Request) -> bool:
        """On localhost under another of its names: the provider would send it back to where it has no cookies."""
        own = urlsplit(self._seams.origin)
        return own.hostname in _LOCAL and request.headers.get("host") != own.netloc

    def _problem(self, refused: SignInRefused) -> Response:
        self._deny(refused.fault, refused.person)
        return _see(f"/?problem={refused.fault.value}")


def must_go(seams: SignInSeams) -> Callable[[Session], Ending | None]:
    """Why a session must end now; None: it may go on."""
    if seams.frozen():
        return lambda _: Ending.FROZEN
    persons = seams.persons()

    def why(session: Session) -> Ending | None:
        person, scope = session.person, session.scope
        if standing(person, persons) is not Standing.ANNOTATOR or purpose_of(person, persons) is not scope.purpose:
            return Ending.REVOKED
        return Ending.COMPLETED if seams.is_complete(scope.batch) else None

    return why


def _see(location: str) -> Response:
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": location})


def _batch(request: Request) -> str:
    """The batch that a person wants to work on; all, where they name none. Raises SignInRefused."""
    names = request.query_params.getlist("batch")
    if not names:
        return ""
    if len(names) > 1 or BATCH.fullmatch(names[0]) is None:
        raise SignInRefused(SignInFault.BAD_BATCH)
    return str(names[0])


def _parameters(query: str) -> dict[str, str]:
    """The parameters of a provider's answer, each once. Raises SignInRefused."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise SignInRefused(SignInFault.STALE) from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise SignInRefused(SignInFault.STALE)
    return dict(pairs)
