"""Who is at the console: sessions on the audit, calls by our own page only, so many of them, and what they may.

The host of `streams.web.signin`. Sessions are kept in memory alone: after a restart people sign in anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from starlette.requests import Request

from schemas.audit import Decision, Event, EventType
from schemas.errors import VeilError
from schemas.resources import project_resource, session_resource
from streams.console.settings import ConsoleSettings
from streams.engine.clock import Clock
from streams.web import csrf, problem, session_cookie
from streams.web.denials import Denials
from streams.web.oidc import Vouched
from streams.web.problem import Problem
from streams.web.session_cookie import CookieRefused, as_secret, as_text
from streams.web.sessions import (
    SECRET_BYTES,
    Ended,
    Ending,
    NoSession,
    Purpose,
    Scope,
    Session,
    Sessions,
    SessionsFull,
)
from streams.web.signin import Entrance, SignInFault, SignInRefused
from streams.web.throttle import Throttle
from topology.identity import PLATFORM
from topology.permissions.actions import Denial
from topology.permissions.console import Look as Right
from topology.permissions.console import may
from topology.permissions.deciding import Decision as Ruling
from topology.project import Project

COOKIE = "veil-console"
_OVER = {
    Ending.IDLE: "nothing was done for a while; sign in again",
    Ending.EXPIRED: "the session has reached its longest life; sign in again",
    Ending.REPLACED: "you have signed in elsewhere; that session goes on",
    Ending.REVOKED: "you may not use the console any more; who runs the projects can say why",
}
log = structlog.get_logger()
Projects = Callable[[], Mapping[str, Project]]
"""The projects as their files stand now, by name."""
Revoked = Callable[[str, str], bool]
"""Whether a person is revoked in a project."""
Say = Callable[[Event], Awaitable[None]]
"""Has an event committed. Raises Problem where that can't be known."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is calling, and in which projects they may do what."""

    session: Session
    rights: Mapping[str, Mapping[Right, tuple[str, ...]]]
    """By project, by right: the rules that allow it."""

    @property
    def person(self) -> str:
        return self.session.person

    def projects(self, right: Right) -> frozenset[str]:
        """Where they may do this."""
        return frozenset(name for name, held in self.rights.items() if right in held)


class Visitors:
    """Implements `streams.web.signin.Host`. Used from one event loop."""

    parameter = ""

    def __init__(
        self,
        entrance: Entrance,
        projects: Projects,
        revoked: Revoked,
        say: Say,
        settings: ConsoleSettings,
        clock: Clock,
    ) -> None:
        self._entrance = entrance
        self._projects = projects
        self._revoked = revoked
        self._say = say
        self._settings = settings
        self._clock = clock
        self._sessions = Sessions(settings.sessions)
        self._calls = Throttle(settings.calls_per_minute, settings.calls_burst)
        self._denials = Denials(settings.denials_per_minute)
        self._telling: set[asyncio.Task[None]] = set()

    def wanted(self, request: Request) -> str:  # noqa: ARG002 - one page, nothing to come for
        """Nothing but the page."""
        return ""

    def admit(self, vouched: Vouched, wanted: str) -> tuple[str, ...]:  # noqa: ARG002 - always empty
        """The rules by which somebody may come in, of whichever project. Raises SignInRefused."""
        person = vouched.person
        decisions = [self._may(project, person, Right.SIGN_IN) for project in self._projects().values()]
        rules = sorted({rule for it in decisions if it.allowed for rule in it.rules})
        if not rules:
            reasons = {it.reason for it in decisions}
            told = (it for it in (Denial.REVOKED, Denial.CONFLICTING_DUTIES) if it in reasons)
            raise SignInRefused(SignInFault(next(told, Denial.NOT_PERMITTED).value), person)
        return tuple(rules)

    def may_sign(self, project: Project, person: str) -> bool:
        """Whether somebody may sign in a project now, also without a session."""
        return self._may(project, person, Right.SIGN).allowed

    async def begin(
        self,
        vouched: Vouched,
        wanted: str,  # noqa: ARG002 - always empty
        before: str | None,
        rules: tuple[str, ...],
    ) -> str:
        """The cookie of a new session, once its beginning is on the audit. Raises SignInRefused."""
        now, secret = self._clock.now(), self._entrance.randomness(SECRET_BYTES)
        self._end_other(vouched.person, before, now)
        try:
            session, replaced = self._sessions.start(
                vouched.person, secret, Scope(Purpose.COMPLIANCE), now, vouched.devices
            )
        except SessionsFull:
            raise SignInRefused(SignInFault.FULL, vouched.person) from None
        self._tell_ends([replaced])
        try:
            await self._say(_entered(session, rules))
        except Problem:
            self._sessions.end(session.session_id, Ending.SIGNED_OUT, now)
            raise SignInRefused(SignInFault.UNAVAILABLE, vouched.person) from None
        return as_text(secret)

    async def end(self, session: Session) -> None:
        """End a session by its person's wish. Raises Problem where the audit has yet to hear of it."""
        ended = self._sessions.end(session.session_id, Ending.SIGNED_OUT, self._clock.now())
        if ended is not None:
            await self._say(_left(ended))

    def deny(self, fault: SignInFault, person: str, rules: tuple[str, ...]) -> None:
        """Have a refusal audited, without waiting."""
        self.denied(fault.value, person, PLATFORM, Right.SIGN_IN, rules)

    def denied(
        self, reason: str, person: str, project: str, right: Right | None = None, rules: Iterable[str] = ()
    ) -> None:
        """Have a refusal audited, without waiting; many of one subject are counted instead."""
        suppressed = self._denials.admit(person, self._clock.now())
        if suppressed is None:
            return
        told = {
            "action": right.value if right else "",
            "rule": " ".join(rules),
            "suppressed": str(suppressed) if suppressed else "",
        }
        self._tell(
            Event(
                EventType.CONSOLE_DENIED,
                project_resource(project),
                outcome="refused",
                decision=Decision.DENY,
                person=person,
                reason=reason,
                details={name: text for name, text in told.items() if text},
            )
        )

    def visitor(self, request: Request, *, active: bool) -> Visitor:
        """Who is calling; `active`: the call shows that they are there. Raises Problem, audited."""
        session = self._session(request, active=active)
        now = self._clock.now()
        if not self._calls.admit(session.person, now):
            self.denied("too_many_calls", session.person, PLATFORM)
            raise problem.too_many_calls(max(1, self._calls.wait_s(session.person, now)))
        return Visitor(session, self._rights(session.person))

    def still(self, request: Request, projects: Iterable[str], right: Right) -> None:
        """After a wait, in which they may have had to go: whether they still may this in all of these projects.
        Counts as no further call. Raises Problem, audited.
        """
        session = self._session(request, active=False)
        rights = self._rights(session.person)
        for project in sorted(projects):
            if right not in rights.get(project, {}):
                self.denied("not_permitted", session.person, project, right)
                raise Problem(HTTPStatus.FORBIDDEN, "not_permitted", _OVER[Ending.REVOKED])

    def people(self, projects: AbstractSet[str]) -> frozenset[str]:
        """Everybody whom these projects name now."""
        found = (project for name, project in self._projects().items() if name in projects)
        return frozenset[str]().union(*(project.persons.everybody for project in found))

    def idle_at(self, session: Session) -> int:
        """When it ends unless its person does something, in milliseconds since the epoch."""
        return self._sessions.idle_at(session)

    async def keep_sweeping(self) -> None:
        """End what is over, and whose person must go, until cancelled. Whatever fails, the next sweep comes."""
        while True:
            await asyncio.sleep(self._settings.sessions.sweep_s)  # time itself ends sessions: there is no event
            try:
                self.sweep()
            except Exception as error:  # noqa: BLE001 - sessions must go on ending; a message could quote a value
                log.error("session_sweep_failed", error=type(error).__name__)

    def sweep(self) -> None:
        """Once."""
        self._tell_ends(self._sessions.sweep(self._clock.now(), self._must_go))

    async def settle(self) -> None:
        """Wait for what was said without waiting."""
        await asyncio.gather(*self._telling)

    def _must_go(self, session: Session) -> Ending | None:
        held = self._rights(session.person).values()
        return None if any(Right.SIGN_IN in rights for rights in held) else Ending.REVOKED

    def _may(self, project: Project, person: str, right: Right) -> Ruling:
        return may(project, person, right, revoked=self._revoked(project.name, person))

    def _rights(self, person: str) -> dict[str, dict[Right, tuple[str, ...]]]:
        found = {}
        for name, project in self._projects().items():
            decisions = {right: self._may(project, person, right) for right in Right}
            held = {right: it.rules for right, it in decisions.items() if it.allowed}
            if held:
                found[name] = held
        return found

    def _session(self, request: Request, *, active: bool) -> Session:
        """Looked at first, kept alive last: a forged call must not lengthen a session."""
        try:
            cookie = session_cookie.read(request.headers.getlist("cookie"), self._entrance.cookies.session)
        except CookieRefused:
            self.denied("bad_cookie", "", PLATFORM)
            raise problem.bad_cookie() from None
        try:
            session = self._find(cookie, active=False)
            fault = csrf.fault(request.method, request.headers, self._entrance.origin, session.csrf)
            if fault is not None:
                self.denied(fault, session.person, PLATFORM)
                raise problem.not_our_page(fault)
            return self._find(cookie, active=active)
        except NoSession as none:
            ending = none.ending or Ending.SIGNED_OUT
            message = _OVER.get(ending, "nobody is signed in here; sign in")
            raise Problem(HTTPStatus.UNAUTHORIZED, ending.value, message) from None

    def _find(self, cookie: str | None, *, active: bool) -> Session:
        secret = as_secret(cookie or "")
        if secret is None:
            raise NoSession(None)
        return self._sessions.find(secret, self._clock.now(), active=active)

    def _end_other(self, person: str, before: str | None, now: int) -> None:
        """The session that the browser came with ends, whoever's it was."""
        with contextlib.suppress(NoSession):
            other = self._find(before, active=False)
            if other.person != person:
                self._tell_ends([self._sessions.end(other.session_id, Ending.SIGNED_OUT, now)])

    def _tell_ends(self, ended: Iterable[Ended | None]) -> None:
        for one in ended:
            if one is not None:
                self._tell(_left(one))

    def _tell(self, event: Event) -> None:
        task = asyncio.create_task(self._told(event))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, event: Event) -> None:
        try:
            await self._say(event)
        except (Problem, VeilError) as error:
            log.warning("console_event_lost", type=event.type.value, why=type(error).__name__)


def _entered(session: Session, rules: Iterable[str]) -> Event:
    return Event(
        EventType.CONSOLE_ENTERED,
        session_resource(session.session_id),
        decision=Decision.ALLOW,
        person=session.person,
        purpose=Purpose.COMPLIANCE.value,
        details={"expires_at": str(session.expires_at), "rule": " ".join(rules)},
    )


def _left(ended: Ended) -> Event:
    return Event(
        EventType.CONSOLE_LEFT,
        session_resource(ended.session.session_id),
        person=ended.session.person,
        purpose=Purpose.COMPLIANCE.value,
        reason=ended.ending.value,
        details={"since": str(ended.session.started_at)},
    )
