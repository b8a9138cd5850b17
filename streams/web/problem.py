"""What a caller is told when a call fails: status, a reason, a sentence; never a value. And how it is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from streams.web.guard import INTERNAL


class Problem(Exception):
    """Ends a call with an error body. 503 and 429 ask the caller to come again; `wait_s`: when, if not as ever."""

    def __init__(self, status: HTTPStatus, reason: str, message: str, wait_s: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message
        self.wait_s = wait_s


def bad_cookie() -> Problem:
    """The cookies are too long, or ours is there twice."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad_cookie", "the cookies can't be read; delete those of this site")


def not_our_page(fault: str) -> Problem:
    """A browser's call that our own page did not make, or without its token."""
    return Problem(HTTPStatus.FORBIDDEN, fault, "this call was not made by the page of this service; reload it")


def too_many_calls(wait_s: int) -> Problem:
    """A person's allowance is used up for now."""
    message = "too many calls; ask again after Retry-After seconds"
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_calls", message, wait_s)


def handlers(
    retry_after_s: int, challenge: str = ""
) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Of an app: every failure as `{"error": {"reason", "message"}}`. `challenge`: what a 401 asks for."""

    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error_body(error.status, error.reason, error.message, error.wait_s or retry_after_s, challenge)

    async def bug(_: Request, __: Exception) -> Response:
        return error_body(HTTPStatus.INTERNAL_SERVER_ERROR, *INTERNAL, retry_after_s)

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        return error_body(status, status.phrase.lower().replace(" ", "_"), "no such call", retry_after_s)

    return {Problem: problem, Exception: bug, HTTPException: http}


def error_body(
    status: HTTPStatus, reason: str, message: str, retry_after_s: int, challenge: str = ""
) -> JSONResponse:
    """An answer that says why not."""
    headers = {}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(retry_after_s)
    if status is HTTPStatus.UNAUTHORIZED and challenge:
        headers["WWW-Authenticate"] = challenge
    return JSONResponse({"error": {"reason": reason, "message": message}}, status, headers)
