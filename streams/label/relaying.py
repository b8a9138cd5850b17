"""A call that another process answers: its request as it came, its answer as it comes (RFC 9110 §7.6).

Once, never again by itself: only where nothing was sent (nobody listens there) may the caller of this try
elsewhere. Whatever fails later is in doubt, which the client resolves by asking again in the same words.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import httpx
from starlette.types import Message, Scope, Send

from schemas.errors import Reason
from streams.label import problems
from streams.label.forwarding import HEADER
from streams.label.settings import StandbySettings
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


class Answer:
    """The one answer a client gets."""

    def __init__(self, send: Send) -> None:
        self.whole = False
        """Whether all of it was given."""
        self.asked = False
        """Whether anything of the call may have been sent."""
        self._send = send
        self._begun = False

    async def give(self, response: httpx.Response) -> None:
        """All of it, piece by piece. Raises httpx.TransportError where it ends early."""
        # The server that gives it says the time itself; the page could read no clock of two.
        headers = [it for it in _end_to_end(response.headers.raw) if it[0] != b"date"]
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


async def exchange(
    transport: httpx.AsyncHTTPTransport, request: Callable[[], httpx.Request], answer: Answer
) -> None:
    """Ask what `request` makes, and give what is answered. Raises NotSent; Problem (400; 503 where that is in
    doubt); BrokenAnswer.
    """
    try:
        response = await transport.handle_async_request(request())
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


def passed_on(
    call: Received, url: str, answer: Answer, limits: StandbySettings, more: Headers, name: str = ""
) -> httpx.Request:
    """The call as it came, to be asked at `url`. `more`: headers of ours. `name`: what TLS is to ask for, where
    that is another than the address says.
    """
    scope = call.scope
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    headers = [*_end_to_end(scope["headers"]), *more]
    if call.body and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(call.body)).encode()))
    timeout = httpx.Timeout(
        connect=limits.connect_s, read=limits.answer_s, write=limits.answer_s, pool=limits.connect_s
    )
    extensions: dict[str, Any] = {"timeout": timeout.as_dict(), "trace": answer.trace}
    if name:
        extensions["sni_hostname"] = name
    place = httpx.URL(url).copy_with(raw_path=target)
    return httpx.Request(scope["method"], place, headers=headers, stream=_Body(call.body), extensions=extensions)


class _Body(httpx.AsyncByteStream):
    """A body as it is: httpx adds no header to it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._data:
            yield self._data


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Without what concerns one connection only, and without what only we may say."""
    found = [(name.lower(), value) for name, value in headers]
    named = {one.strip().lower() for name, value in found if name == b"connection" for one in value.split(b",")}
    dropped = _HOP_BY_HOP | named | {HEADER.encode()}
    return [(name, value) for name, value in found if name not in dropped]
