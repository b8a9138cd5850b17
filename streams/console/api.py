"""The calls of the console. Each look is on the audit before anything is shown; each answer holds only what its
caller's duties in each project allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from streams.console import queries
from streams.console.board import Board
from streams.console.diary import Diary
from streams.console.incidents import IncidentReading
from streams.console.news import News
from streams.console.questions import Questions
from streams.console.reception import Reception
from streams.console.record import record
from streams.console.settings import ConsoleSettings
from streams.console.signing_desk import Signing, SigningDesk
from streams.console.tail import Page, Wanted
from streams.console.tracing import Tracing
from streams.engine.clock import Clock
from streams.web.signin import Entrance, SignIn
from topology.identity import PLATFORM
from topology.permissions.console import Look as Right
from topology.project import Project

DAY_MS = 86_400_000
LONGEST_DAYS = 90


@dataclass(frozen=True, slots=True)
class ApiSeams:
    """What the API needs. `projects`: as their files stand now; `revoked`: whether in a project a person is;
    `signatures`: of a project, as `signatures.py` gives them; `limits`: what policies of a project allow their
    live leak bound to be, by hash; `playbook`: what a person does, by its name; `signing`: how people sign;
    `ready`: whether all that was there at the start is read.
    """

    entrance: Entrance
    projects: Callable[[], Mapping[str, Project]]
    revoked: Callable[[str, str], bool]
    board: Board
    news: News
    diary: Diary
    signatures: Callable[[Project], dict[str, Any]]
    limits: Callable[[str, frozenset[str]], Mapping[str, float]]
    playbook: Callable[[str], str]
    tracing: Tracing
    incidents: IncidentReading
    signing: Signing
    ready: Callable[[], bool]
    clock: Clock


class ConsoleApi:
    """The calls, without their routes (`app.py`). Used from one event loop."""

    def __init__(self, seams: ApiSeams, settings: ConsoleSettings) -> None:
        self._seams = seams
        self._settings = settings
        self._reception = Reception(
            seams.entrance, seams.projects, seams.revoked, seams.diary, settings, seams.clock
        )
        self.visitors = self._reception.visitors
        self.questions = Questions(self._reception, seams.tracing, seams.incidents, settings)
        self.signin = SignIn(seams.entrance, self.visitors, seams.clock)
        self._signing = SigningDesk(seams.signing, seams.projects, self.visitors, settings, seams.clock)
        self.signed = self._signing.signed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this lasts, sessions end in time and waiting calls are woken."""
        self._seams.news.begin()
        sweeping = asyncio.create_task(self.visitors.keep_sweeping())
        try:
            yield
        finally:
            sweeping.cancel()
            await self.visitors.settle()
            if self._seams.entrance.provider is not None:
                await self._seams.entrance.provider.close()

    async def me(self, request: Request) -> dict[str, Any]:
        """Who you are here, and in which projects you may do what."""
        visitor = self.visitors.visitor(request, active=False)
        session = visitor.session
        return {
            "person": visitor.person,
            "projects": [
                {"name": name, "may": sorted(right.value for right in held if right is not Right.SIGN_IN)}
                for name, held in sorted(visitor.rights.items())
            ],
            "csrf": session.csrf,
            "expires_at": session.expires_at,
            "idle_expires_at": self.visitors.idle_at(session),
            "now": self._seams.clock.now(),
            "ready": self._seams.ready(),
            "unreadable": self._seams.board.unread,
        }

    async def here(self, request: Request) -> None:
        """Somebody is at the page: their session goes on."""
        self.visitors.visitor(request, active=True)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        visitor = self.visitors.visitor(request, active=False)
        return await self.signin.sign_out(visitor.session)

    async def events(self, request: Request) -> dict[str, Any]:
        """The newest events that fit; with `wait`, new ones as soon as there are any."""
        visitor = self.visitors.visitor(request, active=False)
        asked = self._reception.projects(visitor, request, Right.EVENTS)
        projects = asked | ({PLATFORM} if not queries.text_of(request, "project", 40) else frozenset())
        wanted = queries.wanted_of(request, projects, self.visitors.people(asked), self._settings.id_chars)
        limit = max(1, queries.number_of(request, "limit", 200, self._settings.page_rows))
        after, before = queries.number_of(request, "after", 0), queries.number_of(request, "before", 0)
        for project in sorted(asked):
            await self._reception.look(visitor, project, Right.EVENTS, filters=wanted.filters)
        page = await self._rows(request, wanted, limit, after, before)
        self.visitors.still(request, asked, Right.EVENTS)
        return {
            "rows": [row.as_json() for row in page.rows],
            "last": page.last,
            "oldest": page.oldest,
            "missed": page.missed,
            "more": page.more,
            "now": self._seams.clock.now(),
        }

    async def metrics(self, request: Request) -> dict[str, Any]:
        """What is drawn of a project."""
        visitor, project = self._reception.one(request, Right.METRICS)
        length = queries.length_of(request)
        days = max(1, queries.number_of(request, "days", 1, LONGEST_DAYS))
        await self._reception.look(visitor, project.name, Right.METRICS)
        now = self._seams.clock.now()
        limits = self._seams.limits(project.name, self._seams.board.policies(project.name))
        return {
            "project": project.name,
            **self._seams.board.plots(project.name, length, now - days * DAY_MS, now, limits),
        }

    async def record(self, request: Request) -> dict[str, Any]:
        """How the record of a project stands, and how that of Vault beside it."""
        visitor, project = self._reception.one(request, Right.RECORD)
        await self._reception.look(visitor, project.name, Right.RECORD)
        now, limit = self._seams.clock.now(), self._settings.page_rows
        return record(self._seams.board, project.name, now, limit, self._seams.playbook)

    async def signatures(self, request: Request) -> dict[str, Any]:
        """What waits for signatures, and what is in force."""
        visitor, project = self._reception.one(request, Right.SIGNATURES)
        await self._reception.look(visitor, project.name, Right.SIGNATURES)
        signs = bool(self._seams.signing.endpoint) and project.name in visitor.projects(Right.SIGN)
        return {"project": project.name, "you": visitor.person, "signs": signs, **self._seams.signatures(project)}

    async def sign(self, request: Request) -> dict[str, str]:
        """Where to go to sign what waits for one's signature. It is asked for; nothing is signed here."""
        visitor = self.visitors.visitor(request, active=True)
        form = await self._signing.form(request)
        self._reception.check(visitor, form.project, Right.SIGN)
        return {"address": self._signing.asked(form, visitor.person)}

    async def _rows(self, request: Request, wanted: Wanted, limit: int, after: int, before: int) -> Page:
        """Now, or as soon as something fits, while the caller is there."""
        loop = asyncio.get_running_loop()
        wait_s = queries.number_of(request, "wait", 0, int(self._settings.longest_wait_s))
        until, missed = loop.time() + wait_s, 0
        while True:
            since = self._seams.news.round
            page = self._seams.board.rows(wanted, limit, after, before)
            left, missed = until - loop.time(), missed + page.missed
            if page.rows or left <= 0 or self._seams.news.closed or await request.is_disconnected():
                return page.having_missed(missed)
            after = max(after, page.last)  # nothing up to here fits: it is looked through once
            await self._seams.news.wait(since, left)
