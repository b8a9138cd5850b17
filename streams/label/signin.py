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

from schemas.routing import is_name
from streams.engine.clock import Clock
from streams.label import session_cookie
from streams.label.gate import Gate
from streams.label.oidc import Asked, IdTokenFault, IdTokenRefused, Vouched
from streams.label.problems import Problem
from streams.label.provider import IdentityProvider, ProviderUnavailable
from streams.label.session_cookie import CookieRefused, Cookies, as_secret, as_text
from streams.label.session_desk import SessionDesk
from streams.label.sessions import SECRET_BYTES, Ending, Purpose, Scope, Session, SessionsFull
from streams.label.settings import SessionSettings, SignInSettings
from streams.label.signins import SignIns
from streams.label.throttle import Throttle
from topology import permissions
from topology.permissions import Action, Denial
from topology.project import Project

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
class SignInSeams:
    """What signing in needs from the outside. `origin`: scheme, host and port by which browsers know this process.

    `frozen`: whether label is stopped. `is_complete`: whether nothing is left to do in a batch; asked once a
    second for each session that has one, from the API's thread.
    """

    origin: str
    provider: IdentityProvider | None
    frozen: Callable[[], bool]
    randomness: Callable[[int], bytes] = os.urandom
    sessions: SessionSettings = field(default_factory=SessionSettings)
    settings: SignInSettings = field(default_factory=SignInSettings)
    is_complete: Callable[[str], bool] = lambda _: False

    @property
    def cookies(self) -> Cookies:
        """`Secure` wherever there is TLS."""
        return Cookies(self.origin.startswith("https://"))


NO_SIGN_IN = SignInSeams("", None, lambda: False)
"""Where nobody can sign in: bearer tokens only."""


class SignIn:
    """The three calls, without their routes. Used from one event loop. `deny` has a refusal audited: its reason,
    the person, the rules.
    """

    def __init__(
        self,
        seams: SignInSeams,
        gate: Gate,
        desk: SessionDesk,
        deny: Callable[[SignInFault, str, tuple[str, ...]], None],
        clock: Clock,
    ) -> None:
        limits = seams.settings
        self._seams = seams
        self._gate = gate
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
        vouched = await self._vouched(provider, answered.get("code", ""), asked, now)
        self._check_batch(batch, vouched.person)
        rules = self._may(vouched, batch, now)
        scope = Scope(purpose_of(vouched.person, self._gate.project()), batch)
        return await self._started(vouched, scope, self._cookie(request, self._seams.cookies.session), rules)

    def _check_batch(self, batch: str, person: str) -> None:
        """Only names that the project's file has go on: a session's batch is on the audit."""
        project = self._gate.project()
        if batch and project is not None and batch not in project.routes.batches:
            raise SignInRefused(SignInFault.BAD_BATCH, person)

    async def _vouched(self, provider: IdentityProvider, code: str, asked: Asked, now: int) -> Vouched:
        try:
            return await provider.person(code, asked, now // 1000)
        except IdTokenRefused as refused:
            second = refused.fault is IdTokenFault.NO_SECOND_FACTOR
            fault = SignInFault.NO_SECOND_FACTOR if second else SignInFault.BAD_ANSWER
            raise SignInRefused(fault) from None
        except ProviderUnavailable:
            raise SignInRefused(SignInFault.UNAVAILABLE) from None

    def _may(self, vouched: Vouched, batch: str, now: int) -> tuple[str, ...]:
        """The rules by which somebody may have a session now. Raises SignInRefused."""
        person = vouched.person
        found = self._gate.decide(permissions.Asked(person, Action.SIGN_IN, devices=vouched.devices, batch=batch))
        if found.reason is not None:
            raise SignInRefused(SignInFault(found.reason.value), person, found.rules)
        if self._seams.frozen():
            raise SignInRefused(SignInFault.FROZEN, person)
        if not self._by_person.admit(person, now):
            raise SignInRefused(SignInFault.TOO_MANY, person)
        return found.rules

    async def _started(self, vouched: Vouched, scope: Scope, before: str | None, rules: tuple[str, ...]) -> str:
        person = vouched.person
        try:
            return await self._desk.start(person, scope, before, vouched.devices, " ".join(rules))
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
        self._deny(refused.fault, refused.person, refused.rules)
        return _see(f"/?problem={refused.fault.value}")


def must_go(seams: SignInSeams, gate: Gate) -> Callable[[Session], Ending | None]:
    """Why a session must end now; None: it may go on."""
    if seams.frozen():
        return lambda _: Ending.FROZEN

    def why(session: Session) -> Ending | None:
        person, scope = session.person, session.scope
        found = gate.decide(permissions.Asked(person, Action.STAY, batch=scope.batch))
        if not found.allowed:
            return Ending.NOT_TRAINED if found.reason is Denial.NOT_TRAINED else Ending.REVOKED
        if purpose_of(person, gate.project()) is not scope.purpose:
            return Ending.REVOKED
        return Ending.COMPLETED if scope.batch and seams.is_complete(scope.batch) else None

    return why


def purpose_of(person: str, project: Project | None) -> Purpose:
    """What someone who may label is here for."""
    adjudicates = project is not None and person in project.persons.adjudicators
    return Purpose.ADJUDICATION if adjudicates else Purpose.LABELING


def _see(location: str) -> Response:
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": location})


def _batch(request: Request) -> str:
    """The batch that a person wants to work on; all, where they name none. Raises SignInRefused."""
    names = request.query_params.getlist("batch")
    if not names:
        return ""
    if len(names) > 1 or not is_name(names[0]):
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
