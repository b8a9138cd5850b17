"""The local provider's door: OpenBao issues codes and tokens but has no page of its own in this build.

(`/sign`, where people sign, is `door_signing.py`.) `GET /authorize` shows the form, `POST /authorize` takes it to
OpenBao and sends the browser back with a code. The door keeps no secret and decides nothing: password, second
factor and who may enter are OpenBao's to check. Plain HTTP on loopback only, as the page itself.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from deploy.signin import door_page
from deploy.signin.door_signing import NAMES, ToSign, to_sign
from deploy.signin.door_signing import PATH as SIGN
from deploy.signin.vault_login import PARAMETERS, CodeRefused, LoginRefused, VaultLogin
from schemas.errors import VaultUnavailable
from streams.engine.clock import Clock
from streams.web.guard import Guard
from streams.web.server import WebServer
from streams.web.settings import HttpSettings
from streams.web.throttle import Throttle

PATH = "/authorize"
_BODY_BYTES = 4_096
_BODY_S = 10.0
_FIELDS = ("person", "password", "code")
_SIGNING_FIELDS = ("password", "code")
_ADDRESS = (30, 10)
_PERSON = (6, 6)
"""Tries a minute, and at once, from one address and for one name. OpenBao closes an account after five besides."""
_WRONG = "That is not right. Check name and password, and wait for the next code."
_WRONG_SIGNER = "That is not right. Check the password, and wait for the next code."
_NO_KEY = "You have no key to sign with here."
_SLOWER = "Too many tries. Wait a minute."
_AWAY = "The vault does not answer. Try again in a moment."


class Door:
    """The door on a port of its own. `redirects`: where each client's page is, by client id; `signing`: the
    origins of those whose people sign here, too.
    """

    def __init__(
        self,
        vault_url: str,
        tls: ssl.SSLContext,
        redirects: Mapping[str, str],
        clock: Clock,
        signing: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        settings = HttpSettings()
        pages = DoorPages(vault_url, tls, redirects, clock, signing)
        self._server = WebServer(Guard(pages.app(), settings.header_bytes, settings.target_chars), settings)

    def start(self) -> str:
        """Open it; its address. Raises StackError."""
        return self._server.start()

    def stop(self) -> None:
        """Close it. Never raises."""
        self._server.stop()


class DoorPages:
    """The form and what becomes of it."""

    def __init__(
        self,
        vault_url: str,
        tls: ssl.SSLContext,
        redirects: Mapping[str, str],
        clock: Clock,
        signing: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._vault = VaultLogin(vault_url, tls)
        self._signing = dict(signing)
        self._redirects = dict(redirects)
        self._clock = clock
        self._by_address, self._by_person = Throttle(*_ADDRESS), Throttle(*_PERSON)

    def app(self) -> ASGIApp:
        """The ASGI app."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await self._vault.close()

        routes = [Route(PATH, self.show), Route(PATH, self.take, methods=["POST"])]
        routes += [Route(SIGN, self.show_signing), Route(SIGN, self.sign, methods=["POST"])]
        return Starlette(routes=routes, lifespan=lifespan)

    async def show(self, request: Request) -> Response:
        """The form, for a request of a page we know."""
        asked = self._asked(request)
        return _page(asked) if asked else _no_request()

    async def take(self, request: Request) -> Response:
        """The form filled in: back to the page with a code, or the form again with what was wrong."""
        asked = self._asked(request)
        if asked is None or not _own_form(request):
            return _no_request()
        fields = await _fields(request, _FIELDS)
        if fields is None:
            return _page(asked, _WRONG, HTTPStatus.BAD_REQUEST)
        person, password, code = (fields[name] for name in _FIELDS)
        if not self._admits(request, person):
            return _page(asked, _SLOWER, HTTPStatus.TOO_MANY_REQUESTS)
        return await self._through(asked, person, password, code)

    async def show_signing(self, request: Request) -> Response:
        """What is to be signed, for a request of a page we know."""
        wanted = self._to_sign(request)
        return _signing_page(wanted) if wanted else _no_request()

    async def sign(self, request: Request) -> Response:
        """Back to the page with the signature, or the form again with what was wrong."""
        wanted = self._to_sign(request)
        if wanted is None or not _own_form(request):
            return _no_request()
        fields = await _fields(request, _SIGNING_FIELDS)
        if fields is None:
            return _signing_page(wanted, _WRONG_SIGNER, HTTPStatus.BAD_REQUEST)
        if not self._admits(request, wanted.person):
            return _signing_page(wanted, _SLOWER, HTTPStatus.TOO_MANY_REQUESTS)
        return await self._signed(wanted, fields)

    async def _signed(self, wanted: ToSign, fields: Mapping[str, str]) -> Response:
        try:
            signature = await self._vault.signature(
                wanted.person, fields["password"], fields["code"], wanted.message
            )
        except LoginRefused:
            return _signing_page(wanted, _WRONG_SIGNER, HTTPStatus.UNAUTHORIZED)
        except CodeRefused:
            return _signing_page(wanted, _NO_KEY, HTTPStatus.FORBIDDEN)
        except VaultUnavailable:
            return _signing_page(wanted, _AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": wanted.back(signature)})

    def _to_sign(self, request: Request) -> ToSign | None:
        return to_sign(_pairs(request.url.query, NAMES) or {}, self._signing)

    async def _through(self, asked: dict[str, str], person: str, password: str, code: str) -> Response:
        try:
            answer = {"code": await self._vault.code(person, password, code, asked)}
        except LoginRefused:
            return _page(asked, _WRONG, HTTPStatus.UNAUTHORIZED)
        except CodeRefused:
            answer = {"error": "access_denied"}
        except VaultUnavailable:
            return _page(asked, _AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
        query = urlencode(answer | {"state": asked.get("state", "")})
        return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": f"{asked['redirect_uri']}?{query}"})

    def _asked(self, request: Request) -> dict[str, str] | None:
        """The authorization request, or None for one that would send the browser elsewhere.

        OpenBao takes any port of a loopback address for the registered one (RFC 8252 §7.3); the door does not.
        """
        found = _pairs(request.url.query, PARAMETERS) or {}
        known = self._redirects.get(found.get("client_id", ""))
        return found if known is not None and found.get("redirect_uri") == known else None

    def _admits(self, request: Request, person: str) -> bool:
        now, address = self._clock.now(), request.client.host if request.client else ""
        return self._by_address.admit(address, now) and self._by_person.admit(person, now)


def _own_form(request: Request) -> bool:
    """Whether our own form sent it: nobody is signed in as somebody else by another site's form."""
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return (
        request.headers.get("origin") == own
        and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


async def _fields(request: Request, names: Collection[str]) -> dict[str, str] | None:
    """What was filled in, or None for a body that is not this form's."""
    content = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                content += piece
                if len(content) > _BODY_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    found = _pairs(content.decode("utf-8", "replace"), names)
    return None if found is None or set(found) != set(names) else found


def _pairs(text: str, names: Collection[str]) -> dict[str, str] | None:
    """Form-encoded pairs with these names, each once; None for anything else."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=len(names))
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) and set(found) <= set(names) else None


def _page(asked: dict[str, str], message: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    content = door_page.form(f"{PATH}?{urlencode(asked)}", message)
    headers = {
        "Content-Security-Policy": door_page.policy(asked["redirect_uri"]),
        "Referrer-Policy": "same-origin",  # with `no-referrer` browsers send the form with `Origin: null`
    }
    return HTMLResponse(content, status, headers)


def _signing_page(wanted: ToSign, message: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    content = door_page.signing_form(f"{SIGN}?{wanted.query}", wanted.person, wanted.words, message)
    headers = {"Content-Security-Policy": door_page.policy(wanted.origin), "Referrer-Policy": "same-origin"}
    return HTMLResponse(content, status, headers)


def _no_request() -> Response:
    return HTMLResponse(
        "<!doctype html><title>Sign in</title><p>Start from your project's page.", HTTPStatus.BAD_REQUEST
    )
