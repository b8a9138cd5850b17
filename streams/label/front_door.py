"""The same door at every process of label: whoever has the queue answers; the others pass calls on to it.

While nobody has the queue, calls wait a few seconds for somebody to take over, then get 503 (`no_owner`): nothing
of them was sent anywhere. A call that was passed on is never passed on again, so it can't go in circles.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import Reason, Unparseable
from streams.engine.clock import Clock
from streams.label import problems
from streams.label.forwarding import HEADER, ForwardedBy
from streams.label.passing_on import PassingOn
from streams.label.relaying import NotSent, Received
from streams.label.settings import ApiSettings, StandbySettings
from streams.label.whereabouts import Place, View, Whereabouts
from streams.web.bodies import SlowBody, read_bytes
from streams.web.problem import Problem

log = structlog.get_logger()
PROBE = "/v1/instance"
"""Which process this is: what those who stand by ask the owner."""


class FrontDoor:
    """Pure ASGI. `app` answers where this process has the queue. `adopt` makes it go on with the sessions there
    were; it raises Problem. `answer` makes a response of a Problem.
    """

    def __init__(
        self,
        app: ASGIApp,
        name: str,
        whereabouts: Whereabouts,
        passing_on: PassingOn,
        forwarded_by: ForwardedBy,
        clock: Clock,
        settings: StandbySettings,
        limits: ApiSettings,
        adopt: Callable[[], Awaitable[None]],
        answer: Callable[[Problem], Response],
    ) -> None:
        self._app = app
        self._name = name
        self._whereabouts = whereabouts
        self._passing_on = passing_on
        self._forwarded_by = forwarded_by
        self._clock = clock
        self._settings = settings
        self._limits = limits
        self._adopt = adopt
        self._answer = answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this lasts, the process takes its place once the loop has."""
        taking = asyncio.create_task(self._take_place())
        try:
            yield
        finally:
            taking.cancel()
            await self._passing_on.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer here, or have it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == PROBE:
            await self._probe(scope, receive, send)
        elif self._whereabouts.look().place is Place.OWNING:
            await self._app(self._as_sent(scope), receive, send)
        else:
            await self._somewhere(scope, receive, send)

    async def _probe(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = json.dumps({"instance": self._name}).encode()
        await Response(said, media_type="application/json")(scope, receive, send)

    async def _somewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = Received(scope, await self._body(Request(scope, receive)))
            await self._until_answered(call, receive, send)
        except Problem as problem:
            await self._answer(problem)(scope, receive, send)

    async def _until_answered(self, call: Received, receive: Receive, send: Send) -> None:
        until = asyncio.get_running_loop().time() + self._settings.hold_s
        while True:
            view = self._whereabouts.look()
            if view.place is Place.OWNING:
                await self._app(self._as_sent(call.scope), _again(call.body, receive), send)
                return
            if view.place is Place.STANDING_BY:
                if _header(call.scope) is not None:
                    raise problems.no_owner()
                if view.owner is not None and await self._passed_on(call, view, receive, send):
                    return
            left = until - asyncio.get_running_loop().time()
            if left <= 0 or not await self._whereabouts.changed(view, left):
                raise problems.no_owner()

    async def _passed_on(self, call: Received, view: View, receive: Receive, send: Send) -> bool:
        try:
            await self._passing_on.send(call, view, receive, send)
        except NotSent:
            return False
        return True

    async def _body(self, request: Request) -> bytes:
        """Whole before anything is sent: a slow client keeps no connection to the owner. Raises Problem."""
        try:
            return await read_bytes(request, self._limits)
        except Unparseable as error:
            raise problems.of_error(error) from None
        except SlowBody:
            message = "the body did not arrive in time"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, Reason.BAD_REQUEST.value, message) from None

    def _as_sent(self, scope: Scope) -> Scope:
        """With the address that another process vouches for, and without its line."""
        line = _header(scope)
        if line is None:
            return scope
        headers = [(name, value) for name, value in scope["headers"] if name != HEADER.encode()]
        address = self._forwarded_by.address(line, self._clock.now())
        client = scope["client"] if address is None else (address, 0)
        return {**scope, "headers": headers, "client": client}

    async def _take_place(self) -> None:
        """Once the loop has taken over: restored sessions first, then calls."""
        while True:
            view = self._whereabouts.look()
            if view.place is Place.ENTERING:
                try:
                    await self._adopt()
                except Problem:  # the loop is not there yet
                    await asyncio.sleep(self._settings.adopt_again_s)
                except Exception as error:  # noqa: BLE001 - else the door stays shut; a message could quote a value
                    log.error("sessions_not_adopted", error=type(error).__name__)
                    await asyncio.sleep(self._settings.hold_s)
                else:
                    self._whereabouts.owning()
                    return
            else:
                await self._whereabouts.changed(view, None)


def _header(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == HEADER.encode()]
    return found[0].decode("latin-1") if found else None


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read already; what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received
