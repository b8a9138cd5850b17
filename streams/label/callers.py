"""Who is calling: an app by its bearer token, or a browser by its session. Never both, never in doubt."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from streams.engine.clock import Clock
from streams.label import problems, tokens
from streams.label.session_desk import SessionDesk
from streams.label.settings import ApiSettings
from streams.label.signin import SignInSeams
from streams.web import csrf, problem, session_cookie
from streams.web.session_cookie import CookieRefused
from streams.web.sessions import NoSession
from streams.web.throttle import Throttle

_MINUTE_S = 60
BROWSER_SIGN = "sec-fetch-site"
"""Browsers send it with every request to a trustworthy origin, apps never do."""
Deny = Callable[[str, str], None]
"""Reason and person of a refusal, to be audited."""


class Callers:
    """Used from one event loop. `deny` has a refusal audited, without waiting."""

    def __init__(
        self,
        rules: tokens.TokenRules,
        signin: SignInSeams,
        desk: SessionDesk,
        deny: Deny,
        settings: ApiSettings,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._signin = signin
        self._desk = desk
        self._deny = deny
        self._clock = clock
        self._verified = tokens.Verified()
        per_minute = settings.token_calls_per_minute
        self._calls = Throttle(per_minute, burst=max(1, per_minute * settings.calls_burst_s // _MINUTE_S))
        self._browsers_cost = per_minute / settings.browser_calls_per_minute
        """One allowance a person, whatever they call with: a browser's call counts as so many of a token's."""

    def person(self, request: Request, *, active: bool) -> tokens.Person:
        """Who is calling; `active`: the call shows that they are at work. Raises Problem, audited."""
        authorization = request.headers.get("authorization")
        cookie = self._cookie(request)
        if cookie is not None and authorization is not None:
            self._deny("two_identities", "")
            raise problems.two_identities()
        if authorization is None and (cookie is not None or BROWSER_SIGN in request.headers):
            person, cost = self._of_session(request, cookie or "", active=active), self._browsers_cost
        else:
            person, cost = self._of_token(authorization), 1.0
        self._admit(person, cost)
        return person

    def _cookie(self, request: Request) -> str | None:
        try:
            return session_cookie.read(request.headers.getlist("cookie"), self._signin.entrance.cookies.session)
        except CookieRefused:
            self._deny("bad_cookie", "")
            raise problem.bad_cookie() from None

    def _of_token(self, authorization: str | None) -> tokens.Person:
        try:
            return tokens.check(authorization, self._rules, self._clock.now() // 1000, self._verified)
        except tokens.TokenRefused as refused:
            self._deny(refused.fault, refused.person)
            raise problems.of_token(refused) from None

    def _of_session(self, request: Request, cookie: str, *, active: bool) -> tokens.Person:
        """Looked at first, kept alive last: a forged call must not lengthen a session."""
        try:
            session = self._desk.find(cookie, active=False)
            fault = csrf.fault(request.method, request.headers, self._signin.origin, session.csrf)
            if fault is not None:
                self._deny(fault, session.person)
                raise problem.not_our_page(fault)
            session = self._desk.find(cookie, active=active)
        except NoSession as none:
            over = problems.of_session(none.ending)
            self._deny(over.reason, "")
            raise over from None
        return tokens.Person(
            session.person,
            self._rules.project,
            tokens.ROLE,
            session.expires_at // 1000,
            session,
            devices=session.devices,
        )

    def _admit(self, person: tokens.Person, cost: float) -> None:
        now = self._clock.now()
        if not self._calls.admit(person.name, now, cost):
            self._deny("too_many_calls", person.name)
            raise problem.too_many_calls(max(1, self._calls.wait_s(person.name, now)))
