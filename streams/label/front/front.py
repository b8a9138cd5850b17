"""What stands before label: the page's own files, and every other call passed on to label and answered by it.

It keeps no content and opens nothing; it knows sessions by a hash of their cookie, and of what it passes on looks
at that cookie, the path and the status. Whose session it is, and what that may do, label alone says. So a session
goes on at whichever front its next call comes to.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import Reason, Unparseable
from streams.engine.clock import Clock
from streams.label import problems
from streams.label.front.batch import Batch, Session
from streams.label.front.settings import FrontSettings
from streams.label.patience import hung_up
from streams.label.relaying import Answer, NotSent, Received, exchange, passed_on
from streams.web.bodies import SlowBody, read_bytes
from streams.web.guard import Guard
from streams.web.pages import Page
from streams.web.problem import Problem, error_body, handlers
from streams.web.session_cookie import CookieRefused, Cookies, read
from streams.web.signin import CALLBACK

PAGE, CALLS = "/page/", "/v1/"
PROBE = "/v1/instance"
"""Of label's processes among themselves: no call of a session."""
SIGN_IN, SIGN_OUT = "/signin", "/signout"
LEAVING = "this process serves nobody new; ask again in the same words"
CHALLENGE = "Bearer"


class Front:
    """Pure ASGI. `url`: label's. `transport`: connections to it, which know whom to trust. `cookies`: label's."""

    def __init__(
        self,
        url: str,
        transport: httpx.AsyncHTTPTransport,
        cookies: Cookies,
        batch: Batch,
        clock: Clock,
        settings: FrontSettings,
    ) -> None:
        self._url = url
        self._transport = transport
        self._cookies = cookies
        self._batch = batch
        self._clock = clock
        self._settings = settings
        self._page = Starlette(
            routes=Page.load("streams.label").routes(),
            lifespan=self._running,
            exception_handlers=handlers(settings.http.retry_after_s),
        )
        self._page.router.redirect_slashes = False
        self.leaving = threading.Event()
        """Set by whoever wants it to end."""
        self.draining = threading.Event()
        """Set once it takes no one new."""
        self.over = threading.Event()
        """Set once it may end."""
        self.beat = clock.monotonic()
        """When the loop last turned, in seconds of that clock."""

    def app(self) -> ASGIApp:
        """As a server runs it: with headers on every answer, and bounds."""
        return Guard(self, self._settings.http.header_bytes, self._settings.http.target_chars)

    @asynccontextmanager
    async def _running(self, _: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            await self._transport.aclose()

    async def _tick(self) -> None:
        """The batch is this loop's alone; the process's main thread hears of it by events."""
        while not self.over.is_set():
            self.beat, now = self._clock.monotonic(), self._now()
            if self.leaving.is_set():
                self._batch.leave(now)
            if self._batch.drains(now):
                self.draining.set()
            if self._batch.is_over(now):
                self.over.set()
            await asyncio.sleep(self._settings.tick_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered; refuse who is new once it takes no one new."""
        if scope["type"] != "http":
            await self._page(scope, receive, send)
            return
        send, session = self._closing(send), self._session(scope)
        if scope["path"] == "/" or scope["path"].startswith(PAGE):
            await self._page(scope, receive, send)
        elif not self._batch.comes(session, self._now()):
            await _elsewhere(scope, self._settings.http.retry_after_s)(scope, receive, send)
        else:
            try:
                await self._passed_on(scope, receive, self._noting(scope, session, send))
            finally:
                self._batch.goes()

    def _now(self) -> int:
        """By the clock that nobody sets."""
        return monotonic_ms(self._clock)

    def _session(self, scope: Scope) -> Session | None:
        """None also where label will say what is wrong with the cookies."""
        lines = (value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
        try:
            value = read(lines, self._cookies.session)
        except CookieRefused:
            return None
        return _hash(value) if value else None

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = Received(scope, await self._body(Request(scope, receive)))
            await self._until_answered(call, receive, send)
        except Problem as problem:
            wait_s = problem.wait_s or self._settings.http.retry_after_s
            answer = error_body(problem.status, problem.reason, problem.message, wait_s, CHALLENGE)
            await answer(scope, receive, send)

    async def _until_answered(self, call: Received, receive: Receive, send: Send) -> None:
        """While nobody listens at label, for a few seconds: it is being started again."""
        until = asyncio.get_running_loop().time() + self._settings.passing.hold_s
        gone = asyncio.ensure_future(hung_up(receive))
        try:
            while not await self._ask(call, gone, send):
                if asyncio.get_running_loop().time() >= until:
                    raise problems.no_owner()
                await asyncio.sleep(self._settings.again_s)
        finally:
            gone.cancel()

    async def _ask(self, call: Received, gone: asyncio.Future[None], send: Send) -> bool:
        """Whether the call is over: answered, or its caller has hung up, which label hears by its connection's
        end. Else nothing was sent.
        """
        answer, limits = Answer(send), self._settings.passing
        asking = asyncio.ensure_future(
            exchange(self._transport, lambda: passed_on(call, self._url, answer, limits, []), answer)
        )
        try:
            await asyncio.wait({asking, gone}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done() or answer.whole:  # a whole answer ends `gone`, too
                await asking
        except NotSent:
            return False
        finally:
            asking.cancel()
        return True

    async def _body(self, request: Request) -> bytes:
        try:
            return await read_bytes(request, self._settings.http)
        except Unparseable as error:
            raise problems.of_error(error) from None
        except SlowBody:
            message = "the body did not arrive in time"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, Reason.BAD_REQUEST.value, message) from None

    def _noting(self, scope: Scope, session: Session | None, send: Send) -> Send:
        """What label's answer says of sessions."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, session, message["status"], message["headers"])
            await send(message)

        return sending

    def _note(
        self, scope: Scope, session: Session | None, status: int, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        path, done = scope["path"], HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if path == CALLBACK and (begun := self._begun(headers)) is not None:
            if session is not None:
                self._batch.ended(session)  # signing in has replaced it
            self._batch.taken(begun, self._now())
        elif session is None:
            return
        elif status == HTTPStatus.UNAUTHORIZED or (path == SIGN_OUT and done):
            self._batch.ended(session)
        elif done and path.startswith(CALLS) and path != PROBE:
            self._batch.taken(session, self._now())

    def _begun(self, headers: Iterable[tuple[bytes, bytes]]) -> Session | None:
        """The session whose cookie an answer sets."""
        for name, value in headers:
            cookie = value.decode("latin-1").partition(";")[0] if name == b"set-cookie" else ""
            key, _, secret = cookie.partition("=")
            if key == self._cookies.session and secret:
                return _hash(secret)
        return None

    def _closing(self, send: Send) -> Send:
        """Whoever is answered while it drains comes anew next time, to another."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and self._batch.drains(self._now()):
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        return sending


def _elsewhere(scope: Scope, wait_s: int) -> Response:
    """Come again: the next connection leads to another. A browser on its way to sign in does so by itself."""
    if scope["method"] == "GET" and scope["path"] in {SIGN_IN, CALLBACK}:
        headers = {"Refresh": str(wait_s), "Retry-After": str(wait_s)}
        return PlainTextResponse("One moment, please.", HTTPStatus.SERVICE_UNAVAILABLE, headers)
    return error_body(HTTPStatus.SERVICE_UNAVAILABLE, "leaving", LEAVING, wait_s)


def monotonic_ms(clock: Clock) -> int:
    """What `Batch` reckons by."""
    return round(clock.monotonic() * 1000)


def _hash(secret: str) -> Session:
    return hashlib.sha256(secret.encode("latin-1")).digest()
