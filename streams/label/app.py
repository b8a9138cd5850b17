"""The routes of the API and its OpenAPI description. `build` makes the ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from streams.label import forms
from streams.label.api import ApiSeams, LabelApi
from streams.label.guard import INTERNAL, Guard
from streams.label.problems import Problem
from streams.label.settings import ApiSettings
from streams.label.tokens import Person

TITLE = "Veilstream label queue"
DESCRIPTION = """
Lease a task, read its redacted text, answer, ask for the next one.

* **One lease a person.** Asking again returns the open lease. A heartbeat extends it.
* **Every call that acts on a lease carries its `fencing_token`.** After the lease has ended: 409, nothing changes.
* **A label needs an `Idempotency-Key`.** The same key and body is answered alike, also after the task is closed;
  the same key with another body is refused (409 `idempotency_conflict`).
* **503 with `Retry-After`** means: not known to have happened. Repeat the call in the same words.
* Offsets are code points of the field as delivered, end-exclusive. There is no free text in an answer.
* Each view is on the audit log before the content is opened.
"""
_BEARER = HTTPBearer(auto_error=False, description="EdDSA JWT, at most one hour old, for one person and project.")
_ERRORS: dict[int | str, dict[str, Any]] = {
    int(status): {"model": forms.ErrorBody, "description": text}
    for status, text in {
        HTTPStatus.BAD_REQUEST: "malformed",
        HTTPStatus.UNAUTHORIZED: "no valid bearer token",
        HTTPStatus.FORBIDDEN: "another project's or person's",
        HTTPStatus.SERVICE_UNAVAILABLE: "ask again, in the same words, after Retry-After seconds",
    }.items()
}
_LEASE_ERRORS: dict[int | str, dict[str, Any]] = _ERRORS | {
    404: {"model": forms.ErrorBody, "description": "unknown lease"},
    409: {"model": forms.ErrorBody, "description": "the lease has ended, or the key was used for something else"},
    410: {"model": forms.ErrorBody, "description": "the task is withdrawn"},
    413: {"model": forms.ErrorBody, "description": "body too large"},
    422: {"model": forms.ErrorBody, "description": "the answer does not fit the task or its policy"},
}


def build(project: str, seams: ApiSeams, settings: ApiSettings) -> ASGIApp:
    """The ASGI app. It answers only while a loop takes from `seams.requests`."""
    api = LabelApi(project, seams, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        api.close()

    app = FastAPI(
        title=TITLE, description=DESCRIPTION, version="1", docs_url=None, redoc_url=None, lifespan=lifespan
    )
    _add_handlers(app, settings)
    caller = _caller(api)
    _add_project_routes(app, api, caller)
    _add_lease_routes(app, api, caller)
    return Guard(app, settings.header_bytes)


def _caller(api: LabelApi) -> Any:  # noqa: ANN401 - FastAPI's own type
    async def caller(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Person:
        return api.person(request)

    return Depends(caller)


def _add_project_routes(app: FastAPI, api: LabelApi, caller: Any) -> None:  # noqa: ANN401 - FastAPI's own type
    @app.post("/v1/projects/{p}/leases", response_model=forms.LeaseView, responses=_ERRORS | _NO_TASK | _GONE)
    async def lease(p: str, person: Person = caller) -> object:
        """The next task, or the one you hold. 204 when there is none for you now."""
        api.check_project(p, person)
        return await api.lease(person) or Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get("/v1/projects/{p}/stats", responses=_ERRORS)
    async def stats(p: str, person: Person = caller) -> forms.StatsView:
        """How many tasks are open; small counts are null."""
        api.check_project(p, person)
        return await api.stats()

    @app.get("/v1/me", responses=_ERRORS)
    async def me(person: Person = caller) -> forms.MeView:
        """Who you are here."""
        return forms.MeView(
            person=person.name, project=person.project, role=person.role, expires_at=person.expires_at
        )


_NO_TASK: dict[int | str, dict[str, Any]] = {204: {"description": "no task for you now"}}
_GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": forms.ErrorBody, "description": "the task was withdrawn meanwhile; ask for another one"}
}


Route = Callable[..., Awaitable[object]]


def _add_lease_routes(app: FastAPI, api: LabelApi, caller: Any) -> None:  # noqa: ANN401 - FastAPI's own type
    def route(name: str, form: type[forms.Form], *parameters: dict[str, Any]) -> Callable[[Route], Route]:
        content = {"application/json": {"schema": form.model_json_schema()}}
        extra = {"requestBody": {"required": True, "content": content}, "parameters": list(parameters)}
        return app.post(f"/v1/leases/{{lease_id}}/{name}", responses=_LEASE_ERRORS, openapi_extra=extra)

    @route("heartbeat", forms.HeartbeatForm)
    async def heartbeat(request: Request, lease_id: str, person: Person = caller) -> forms.HeartbeatView:
        """Extend the lease from now, up to its longest life."""
        return await api.heartbeat(request, person, lease_id)

    @route("label", forms.LabelForm, _IDEMPOTENCY)
    async def label(request: Request, lease_id: str, person: Person = caller) -> forms.EndedView:
        """Your answer. Final."""
        return await api.label(request, person, lease_id)

    @route("skip", forms.SkipForm)
    async def skip(request: Request, lease_id: str, person: Person = caller) -> forms.EndedView:
        """You will not label this task; it never comes to you again."""
        return await api.skip(request, person, lease_id)

    @route("release", forms.ReleaseForm)
    async def release(request: Request, lease_id: str, person: Person = caller) -> forms.EndedView:
        """Give the task back for now."""
        return await api.release(request, person, lease_id)

    @route("report", forms.ReportForm)
    async def report(request: Request, lease_id: str, person: Person = caller) -> forms.EndedView:
        """Something sensitive is in clear. Pulls the task at once, for everyone."""
        return await api.report(request, person, lease_id)


_IDEMPOTENCY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "description": "Names this answer; repeat it unchanged when you repeat the call.",
}


def _add_handlers(app: FastAPI, settings: ApiSettings) -> None:
    @app.exception_handler(Problem)
    async def problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return _error(error.status, error.reason, error.message, settings.retry_after_s)

    @app.exception_handler(Exception)
    async def bug(_: Request, __: Exception) -> JSONResponse:
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, *INTERNAL, settings.retry_after_s)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        return _error(status, status.phrase.lower().replace(" ", "_"), "no such call", settings.retry_after_s)


def _error(status: HTTPStatus, reason: str, message: str, retry_after_s: int) -> JSONResponse:
    headers = {}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(retry_after_s)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": {"reason": reason, "message": message}}, status, headers)
