"""Passes a call on to the process that has the queue, and its answer back, as it comes (RFC 9110 §7.6).

Once, never again by itself: only where nothing was sent (nobody listens there) may the caller of this try
elsewhere. Whatever fails later is in doubt, which the client resolves by asking again in the same words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import httpx
from starlette.types import Message, Receive, Scope, Send

from schemas.errors import Reason
from schemas.states import OwnerState
from streams.engine.clock import Clock
from streams.label import problems
from streams.label.forwarding import HEADER, Forwarder
from streams.label.link_certificate import LINK, trusting
from streams.label.patience import hung_up
from streams.label.settings import StandbySettings
from streams.label.whereabouts import View, Whereabouts
from streams.web.problem import Problem

Headers = list[tuple[bytes, bytes]]
_HOP_BY_HOP = frozenset(
    {b"connection", b"expect", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection",
     b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)  # fmt: skip
_IN_DOUBT = "the queue has just moved; ask again in the same words"


class NotSent(Exception):
    """Nothing of the call has reached anybody."""


class BrokenAnswer(Exception):
    """The owner's answer ended early; what the client has got of it can't be taken back."""


@dataclass(frozen=True, slots=True)
class Received:
    """A call, with its whole body."""

    scope: Scope
    body: bytes


class PassingOn:
    """Used from one event loop."""

    def __init__(
        self, whereabouts: Whereabouts, forwarder: Forwarder, clock: Clock, settings: StandbySettings
    ) -> None:
        self._whereabouts = whereabouts
        self._forwarder = forwarder
        self._clock = clock
        self._settings = settings
        self._to: OwnerState | None = None
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def close(self) -> None:
        """Close what is connected."""
        if self._transport is not None:
            await self._transport.aclose()

    async def send(self, call: Received, view: View, receive: Receive, send: Send) -> None:
        """Have the owner in `view` answer. Raises NotSent; Problem (503) where it is in doubt; BrokenAnswer.

        An owner that is replaced meanwhile, and perhaps only sleeps, keeps nobody waiting; what it was not sent by
        then the next one may be asked. Where the caller hangs up, the owner hears it by its connection's end:
        nobody would see a task it gave.
        """
        answer = _Answer(send)
        exchange = asyncio.ensure_future(self._exchange(call, cast("OwnerState", view.owner), answer))
        moved = asyncio.ensure_future(self._whereabouts.changed(view, None))
        gone = asyncio.ensure_future(hung_up(receive))
        try:
            await asyncio.wait({exchange, moved, gone}, return_when=asyncio.FIRST_COMPLETED)
            if exchange.done() or answer.whole:  # a whole answer ends `gone`, too
                await exchange
            elif not gone.done():
                raise answer.failed() if answer.asked else NotSent
        finally:
            for one in (exchange, moved, gone):
                one.cancel()

    async def _exchange(self, call: Received, owner: OwnerState, answer: _Answer) -> None:
        transport = await self._transport_to(owner)
        try:
            response = await transport.handle_async_request(self._request(call, owner, answer))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise NotSent from None
        except (httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError):  # what no client of ours would send
            raise Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, "this is no valid HTTP") from None
        except httpx.TransportError:
            raise answer.failed() from None
        try:
            await answer.give(response)
        except httpx.TransportError:
            raise answer.failed() from None
        finally:
            await response.aclose()

    async def _transport_to(self, owner: OwnerState) -> httpx.AsyncHTTPTransport:
        """Connections to an owner are kept; those to the one before are closed as their calls end."""
        if self._transport is not None and owner == self._to:
            return self._transport
        before, limits = (
            self._transport,
            httpx.Limits(max_connections=None, keepalive_expiry=self._settings.keep_s),
        )
        transport = httpx.AsyncHTTPTransport(verify=trusting(owner.certificate), limits=limits)
        self._to, self._transport = owner, transport
        if before is not None:
            await before.aclose()
        return transport

    def _request(self, call: Received, owner: OwnerState, answer: _Answer) -> httpx.Request:
        scope, limits = call.scope, self._settings
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        address = scope["client"][0] if scope.get("client") else ""
        line = self._forwarder.line(address, owner.instance, self._clock.now())
        headers = [*_end_to_end(scope["headers"]), (HEADER.encode(), line.encode())]
        if call.body and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(call.body)).encode()))
        timeout = httpx.Timeout(
            connect=limits.connect_s, read=limits.answer_s, write=limits.answer_s, pool=limits.connect_s
        )
        url = httpx.URL(owner.url).copy_with(raw_path=target)
        extensions = {"timeout": timeout.as_dict(), "trace": answer.trace, "sni_hostname": LINK}
        return httpx.Request(scope["method"], url, headers=headers, stream=_Body(call.body), extensions=extensions)


class _Body(httpx.AsyncByteStream):
    """A body as it is: httpx adds no header to it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._data:
            yield self._data


class _Answer:
    """The one answer a client gets."""

    def __init__(self, send: Send) -> None:
        self.whole = False
        """Whether all of it was given."""
        self.asked = False
        """Whether anything of the call may have been sent."""
        self._send = send
        self._begun = False

    async def give(self, response: httpx.Response) -> None:
        headers = _end_to_end(response.headers.raw)
        await self._say({"type": "http.response.start", "status": response.status_code, "headers": headers})
        async for chunk in cast("AsyncIterable[bytes]", response.stream):
            await self._say({"type": "http.response.body", "body": chunk, "more_body": True})
        self.whole = True  # before it is said: by that the caller's call is over
        await self._say({"type": "http.response.body", "body": b"", "more_body": False})

    async def trace(self, event: str, _info: Mapping[str, object]) -> None:
        """Called by the transport before and after each of its steps."""
        self.asked = self.asked or event.endswith(".send_request_headers.started")

    def failed(self) -> Exception:
        """What to raise where it can't be given to its end."""
        return BrokenAnswer() if self._begun else problems.unavailable("in_doubt", _IN_DOUBT)

    async def _say(self, message: Message) -> None:
        self._begun = True
        await self._send(message)


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Without what concerns one connection only, and without what only we may say."""
    found = [(name.lower(), value) for name, value in headers]
    named = {one.strip().lower() for name, value in found if name == b"connection" for one in value.split(b",")}
    dropped = _HOP_BY_HOP | named | {HEADER.encode()}
    return [(name, value) for name, value in found if name not in dropped]
