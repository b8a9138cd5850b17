"""Who is calling, whether they may, and that their look is on the audit before anything is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.requests import Request

from schemas.audit import Event
from schemas.errors import VeilError
from streams.console import queries
from streams.console.diary import Diary
from streams.console.looks import Look, Looks
from streams.console.settings import ConsoleSettings
from streams.console.visitors import Visitor, Visitors
from streams.engine.clock import Clock
from streams.web.problem import Problem
from streams.web.signin import Entrance
from topology.identity import PLATFORM
from topology.permissions.console import Look as Right
from topology.project import Project


class Reception:
    """Every call comes by here first. `projects`: as their files stand now; `revoked`: whether in a project a
    person is. Used from one event loop.
    """

    def __init__(
        self,
        entrance: Entrance,
        projects: Callable[[], Mapping[str, Project]],
        revoked: Callable[[str, str], bool],
        diary: Diary,
        settings: ConsoleSettings,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._diary = diary
        self._settings = settings
        self._clock = clock
        self._looks = Looks(settings.look_again_ms, settings.looks_kept)
        self.visitors = Visitors(entrance, projects, revoked, self.say, settings, clock)

    def asked(self, request: Request, name: str) -> str:
        """A parameter that must be there. Raises Problem."""
        text = queries.text_of(request, name, self._settings.id_chars)
        if not text:
            raise queries.bad(f"`{name}` says what is asked for")
        return text

    def one(self, request: Request, right: Right) -> tuple[Visitor, Project]:
        """The caller, and the one project that they ask about. Raises Problem."""
        visitor = self.visitors.visitor(request, active=False)
        name = self.asked(request, "project")
        self.check(visitor, name, right)
        project = self._projects().get(name)
        if project is None:
            raise _forbidden()
        return visitor, project

    def projects(self, visitor: Visitor, request: Request, right: Right) -> frozenset[str]:
        """The one they ask about, or all in which they may. Raises Problem."""
        name = queries.text_of(request, "project", 40)
        if name:
            self.check(visitor, name, right)
            return frozenset({name})
        found = visitor.projects(right)
        if not found:
            self._denied(visitor, PLATFORM, right)
        return found

    def check(self, visitor: Visitor, project: str, right: Right) -> None:
        """Raises Problem, audited, where they may not."""
        if project not in visitor.projects(right):
            self._denied(visitor, project if project in self._projects() else PLATFORM, right)

    def _denied(self, visitor: Visitor, project: str, right: Right) -> None:
        self.visitors.denied("not_permitted", visitor.person, project, right)
        raise _forbidden()

    async def look(
        self,
        visitor: Visitor,
        project: str,
        right: Right,
        filters: tuple[str, ...] = (),
        shown: tuple[str, ...] = (),
    ) -> None:
        """Have it on the audit, unless it goes on since a short while. Raises Problem: then nothing is shown."""
        rule = " ".join(visitor.rights[project][right])
        session = visitor.session.session_id
        look = Look(visitor.person, session, project, right.value, rule, filters, shown)
        if self._looks.due(look, self._clock.now()):
            await self.say(look.event())
            self._looks.said(look, self._clock.now())

    async def say(self, event: Event) -> None:
        """Raises Problem (503) where it is not committed, or nobody can tell."""
        try:
            async with asyncio.timeout(self._settings.audit_wait_s):
                await asyncio.wrap_future(self._diary.say(event))
        except (VeilError, TimeoutError):
            message = "the audit can't be written now, so nothing is shown; ask again"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "audit_unavailable", message) from None


def _forbidden() -> Problem:
    message = "your duties in this project do not include this"
    return Problem(HTTPStatus.FORBIDDEN, "not_permitted", message)
