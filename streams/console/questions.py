"""Questions that a whole audit answers: lineage, access, incidents. Each is on the audit before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from schemas.errors import DependencyError, VeilError
from streams.console import queries
from streams.console.incidents import IncidentReading
from streams.console.looks import Look
from streams.console.reception import Reception
from streams.console.settings import ConsoleSettings
from streams.console.tracing import Picture, Pictures, Traced, Tracing
from streams.console.visitors import Visitor
from streams.web.problem import Problem
from topology.permissions.console import Look as Right

WORKERS = frozenset({"operator", "approver"})
"""Who works on incidents."""


class Questions:
    """Used from one event loop."""

    def __init__(
        self, reception: Reception, tracing: Tracing, incidents: IncidentReading, settings: ConsoleSettings
    ) -> None:
        self._reception = reception
        self._tracing = tracing
        self._incidents = incidents
        self._settings = settings
        self._pictures = Pictures(settings.pictures_kept)
        self._reading = asyncio.Semaphore(1)
        """One whole audit at a time: a second reader would make both slower."""

    async def lineage(self, request: Request) -> dict[str, Any]:
        """What became of something, and where it came from, as a tree and a picture."""
        visitor, project = self._reception.one(request, Right.LINEAGE)
        name, text = project.name, self._reception.asked(request, "id")
        limit, trace = self._settings.lineage_limit, self._tracing.trace
        traced = await self._answer(request, visitor, name, Right.LINEAGE, lambda: trace(name, text, limit))
        picture = self._pictures.keep(visitor.session.session_id, traced.svg)
        return {"project": name, "picture": f"/v1/pictures/{picture}", **traced.content}

    async def access(self, request: Request) -> dict[str, Any]:
        """What a person has seen."""
        visitor, project = self._reception.one(request, Right.LINEAGE)
        name, text = project.name, self._reception.asked(request, "person")
        limit, access = self._settings.page_rows, self._tracing.access
        read, filters = (lambda: access(name, text, limit)), ("access",)
        traced = await self._answer(request, visitor, name, Right.LINEAGE, read, filters)
        return {"project": name, **traced.content}

    async def incidents(self, request: Request) -> dict[str, Any]:
        """The incidents of a project; with `id` all of one."""
        visitor, project = self._reception.one(request, Right.INCIDENTS)
        name, text = project.name, queries.text_of(request, "id", self._settings.id_chars)
        limit, incidents = self._settings.page_rows, self._incidents
        read = (lambda: incidents.one(name, text, limit)) if text else (lambda: incidents.all(name))
        traced = await self._answer(request, visitor, name, Right.INCIDENTS, read)
        works = bool(WORKERS & project.persons.duties(visitor.person))
        return {"project": name, "you": visitor.person, "works": works, **traced.content}

    async def picture(self, request: Request) -> Picture:
        """One that was made for this session."""
        visitor = self._reception.visitors.visitor(request, active=False)
        found = self._pictures.find(visitor.session.session_id, request.path_params["name"])
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found", "this picture is not kept any more; ask again")
        return found

    async def _answer(
        self,
        request: Request,
        visitor: Visitor,
        project: str,
        right: Right,
        read: Callable[[], Traced | None],
        filters: tuple[str, ...] = (),
    ) -> Traced:
        """What a whole audit says, once the look is on the audit, if they still may then: reading it may take
        minutes. Raises Problem; that somebody asked for what is not there is audited each time.
        """
        found = await self._read(read)
        self._reception.visitors.still(request, (project,), right)
        if found is None:
            rule, session = " ".join(visitor.rights[project][right]), visitor.session.session_id
            unknown = Look(visitor.person, session, project, right.value, rule, ("unknown",))
            await self._reception.say(unknown.event())
            message = "nothing of this name occurs in the audit of this project"
            raise Problem(HTTPStatus.NOT_FOUND, "unknown", message)
        await self._reception.look(visitor, project, right, filters, found.resources)
        return found

    async def _read(self, read: Callable[[], Traced | None]) -> Traced | None:
        if self._reading.locked():
            message = "somebody else's question is being answered from the whole audit; ask again"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", message)
        async with self._reading:
            try:
                return await asyncio.to_thread(read)
            except DependencyError:
                message = "the audit can't be read now; ask again"
                raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message) from None
            except VeilError:
                raise queries.bad("that can't be asked; see `veil audit trace --help` for what can") from None
