"""The ASGI app: calls as routes, the page, pictures, failures as bodies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from streams.console.api import ApiSeams, ConsoleApi
from streams.console.settings import ConsoleSettings
from streams.web.guard import Guard
from streams.web.pages import Page
from streams.web.problem import handlers
from streams.web.signin import CALLBACK

PACKAGE = "streams.console"
_JSON = "application/json"
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Of a picture: its own colours, and nothing that runs, is fetched or frames it."""
Call = Callable[[Request], Awaitable[Any]]


def build(seams: ApiSeams, settings: ConsoleSettings) -> ASGIApp:
    """The app."""
    api = ConsoleApi(seams, settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with api.running():
            yield

    reading: dict[str, Call] = {
        "/v1/me": api.me,
        "/v1/events": api.events,
        "/v1/metrics": api.metrics,
        "/v1/record": api.record,
        "/v1/signatures": api.signatures,
        "/v1/lineage": api.questions.lineage,
        "/v1/access": api.questions.access,
        "/v1/incidents": api.questions.incidents,
    }
    routes = [Route(path, _json(call)) for path, call in reading.items()]
    routes += [
        Route("/v1/here", _json(api.here), methods=["POST"]),
        Route("/v1/signings", _json(api.sign), methods=["POST"]),
        Route("/signed", api.signed),
        Route("/v1/pictures/{name}", _picture(api)),
        Route("/signin", api.signin.begin),
        Route(CALLBACK, api.signin.callback),
        Route("/signout", api.sign_out, methods=["POST"]),
        *Page.load(PACKAGE).routes(),
    ]
    failures = handlers(settings.http.retry_after_s)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=failures)
    app.router.redirect_slashes = False  # it would send browsers to whatever host a request names
    return Guard(app, settings.http.header_bytes, settings.http.target_chars)


def _json(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        answer = await call(request)
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(json.dumps(answer, separators=(",", ":")), media_type=_JSON)

    return endpoint


def _picture(api: ConsoleApi) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        picture = await api.questions.picture(request)
        headers = {"Content-Security-Policy": PICTURE_POLICY, "Cross-Origin-Resource-Policy": "same-origin"}
        return Response(picture.svg, headers=headers, media_type="image/svg+xml")

    return endpoint
