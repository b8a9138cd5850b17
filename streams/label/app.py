"""The ASGI app: the calls of `calls.py` as routes, the page, errors as bodies, and the description of it all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from streams.label.api import ApiSeams, LabelApi
from streams.label.calls import CALLS, Call
from streams.label.forwarding import ForwardedBy, Forwarder
from streams.label.front_door import FrontDoor
from streams.label.passing_on import PassingOn
from streams.label.settings import ApiSettings, StandbySettings
from streams.label.whereabouts import Whereabouts
from streams.web.guard import Guard
from streams.web.pages import Page
from streams.web.problem import Problem, error_body, handlers
from streams.web.signin import CALLBACK

_JSON = "application/json"
CHALLENGE = "Bearer"
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class DoorSeams:
    """What the door needs where other processes stand by. `instance`: this process, by its name."""

    instance: str
    whereabouts: Whereabouts
    forwarder: Forwarder
    forwarded_by: ForwardedBy
    settings: StandbySettings


def build(project: str, seams: ApiSeams, settings: ApiSettings, door: DoorSeams | None = None) -> ASGIApp:
    """The ASGI app. It answers only while a loop takes from `seams.requests`; with a door, it passes calls on
    while another process has the queue.
    """
    api = LabelApi(project, seams, settings)
    described = resources.files("streams.label").joinpath("openapi.json").read_bytes()
    doors: list[FrontDoor] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            await running.enter_async_context(api.running())
            for one in doors:
                await running.enter_async_context(one.running())
            yield

    async def description(_: Request) -> Response:
        return Response(described, media_type=_JSON)

    routes = [Route(call.path, _endpoint(api, call), methods=[call.method]) for call in CALLS]
    routes += [Route("/openapi.json", description), *_signing(api), *Page.load("streams.label").routes()]
    failures = handlers(settings.retry_after_s, CHALLENGE)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=failures)
    app.router.redirect_slashes = False  # it would send browsers to whatever host a request names
    if door is None:
        return Guard(app, settings.header_bytes, settings.target_chars)
    doors.append(_front_door(app, api, seams, settings, door))
    return Guard(doors[0], settings.header_bytes, settings.target_chars)


def _front_door(app: ASGIApp, api: LabelApi, seams: ApiSeams, settings: ApiSettings, door: DoorSeams) -> FrontDoor:
    def answer(problem: Problem) -> Response:
        return error_body(problem.status, problem.reason, problem.message, settings.retry_after_s, CHALLENGE)

    return FrontDoor(
        app,
        door.instance,
        door.whereabouts,
        PassingOn(door.whereabouts, door.forwarder, seams.clock, door.settings),
        door.forwarded_by,
        seams.clock,
        door.settings,
        settings,
        api.adopt_sessions,
        answer,
    )


def _signing(api: LabelApi) -> list[Route]:
    """How browsers come and go (`signin.py`)."""
    return [
        Route("/signin", api.signin.begin),
        Route(CALLBACK, api.signin.callback),
        Route("/signout", api.sign_out, methods=["POST"]),
    ]


def _endpoint(api: LabelApi, call: Call) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        answer = await call.answer(api, request, await api.permitted(request, call.action, active=call.active))
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(answer.model_dump_json(), media_type=_JSON)

    return endpoint
