"""Sessions as they begin and end: on the audit before anyone may use one, and after what they were ended for.

An end takes effect here at once; its event and the release of the person's lease follow by the loop, and are asked
for again until they are committed. A commit in doubt may so put an end on the audit twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import cast

import structlog

from schemas.states import SessionState
from streams.engine.clock import Clock
from streams.label import problems
from streams.label.commands import EndSession, ListSessions, StartSession
from streams.web.problem import Problem
from streams.web.session_cookie import as_secret, as_text
from streams.web.sessions import SECRET_BYTES, Ended, Ending, NoSession, Purpose, Scope, Session, Sessions
from streams.web.settings import SessionSettings

log = structlog.get_logger()


class SessionDesk:
    """Used from one event loop. `ask` carries out a command and raises Problem; `must_go` says why a session may
    not go on, or None.
    """

    def __init__(
        self,
        ask: Callable[[object], Awaitable[object]],
        must_go: Callable[[], Callable[[Session], Ending | None]],
        settings: SessionSettings,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        self._ask = ask
        self._must_go = must_go
        self._settings = settings
        self._clock = clock
        self._randomness = randomness
        self._sessions = Sessions(settings)
        self._unsaid: deque[Ended] = deque()
        """Ends that are not on the audit yet. Never more than there were sessions: with no audit none begins."""
        self._saying = asyncio.Lock()

    def find(self, cookie: str, *, active: bool) -> Session:
        """The session behind a cookie. Raises NoSession."""
        secret = as_secret(cookie)
        if secret is None:
            raise NoSession(None)
        return self._sessions.find(secret, self._clock.now(), active=active)

    def idle_at(self, session: Session) -> int:
        """When it ends unless its person does something, in milliseconds since the epoch."""
        return self._sessions.idle_at(session)

    async def adopt(self) -> None:
        """Go on with the sessions of the process that had the queue before. Raises Problem: ask again."""
        kept = cast("dict[str, SessionState]", await self._ask(ListSessions()))
        now = self._clock.now()
        self._note(self._sessions.adopt((_restored(name, one, now) for name, one in kept.items()), now))

    async def start(
        self,
        person: str,
        scope: Scope,
        before: str | None,
        devices: frozenset[str] = frozenset(),
        rule: str = "",
    ) -> str:
        """The cookie of a new session, once its beginning is on the audit. `before`: the cookie the browser came
        with; that session ends, whoever's it was. `rule`: which let them in. Raises SessionsFull, Problem.
        """
        now, secret = self._clock.now(), self._randomness(SECRET_BYTES)
        self._end_other(person, before, now)
        session, replaced = self._sessions.start(person, secret, scope, now, devices)
        self._note([replaced])
        try:
            await self._begin(session, rule)
        except BaseException:
            self._note([self._sessions.end(session.session_id, Ending.SIGNED_OUT, now)])
            raise
        return as_text(secret)

    async def _begin(self, session: Session, rule: str) -> None:
        """Said while no end is: one that comes meanwhile is said after it, and takes the session off the log.
        Raises Problem, also where it has ended by now.
        """
        async with self._saying:
            await self._drain()
            if session.session_id not in self._sessions:
                raise problems.of_session(Ending.REPLACED)
            await self._ask(_beginning(session, rule))

    async def sign_out(self, session: Session) -> None:
        """End a session by its person's wish. Raises Problem where the audit has yet to hear of it."""
        self._note([self._sessions.end(session.session_id, Ending.SIGNED_OUT, self._clock.now())])
        await self._say()

    async def sweep(self) -> None:
        """End what is over, and whose person must go; say what has not been said yet. Raises Problem."""
        self._note(self._sessions.sweep(self._clock.now(), self._must_go()))
        await self._say()

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled. Whatever fails, the next sweep comes."""
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            try:
                await self.sweep()
            except Problem as problem:
                log.warning("session_ends_wait", reason=problem.reason, waiting=len(self._unsaid))
            except Exception as error:  # noqa: BLE001 - sessions must go on ending; a message could quote a value
                log.error("session_sweep_failed", error=type(error).__name__)

    def _end_other(self, person: str, before: str | None, now: int) -> None:
        with contextlib.suppress(NoSession):
            other = self.find(before or "", active=False)
            if other.person != person:
                self._note([self._sessions.end(other.session_id, Ending.SIGNED_OUT, now)])

    def _note(self, found: Iterable[Ended | None]) -> None:
        self._unsaid.extend(ended for ended in found if ended is not None)

    async def _say(self) -> None:
        async with self._saying:
            await self._drain()

    async def _drain(self) -> None:
        while self._unsaid:
            await self._ask(_command(self._unsaid[0]))
            self._unsaid.popleft()


def _command(ended: Ended) -> EndSession:
    """Who signs in anew goes on with the task they hold; in every other case it goes back to the queue."""
    session = ended.session
    releases = ended.ending is not Ending.REPLACED
    return EndSession(
        session.person,
        session.session_id,
        ended.ending.value,
        ended.at,
        releases=releases,
        purpose=session.scope.purpose.value,
        batch=session.scope.batch,
    )


def _beginning(session: Session, rule: str) -> StartSession:
    return StartSession(
        session.person,
        session.session_id,
        session.expires_at,
        session.started_at,
        purpose=session.scope.purpose.value,
        batch=session.scope.batch,
        devices=tuple(sorted(session.devices)),
        rule=rule,
    )


def _restored(session_id: str, kept: SessionState, now: int) -> Session:
    scope = Scope(Purpose(kept.purpose), kept.batch)
    return Session(session_id, kept.person, scope, kept.started_at, now, kept.expires_at, frozenset(kept.devices))
