"""Passes a call on to the process that has the queue, and its answer back, as it comes."""

from __future__ import annotations

import asyncio
from typing import cast

import httpx
from starlette.types import Receive, Send

from schemas.states import OwnerState
from streams.engine.clock import Clock
from streams.label.forwarding import HEADER, Forwarder
from streams.label.link_certificate import LINK, trusting
from streams.label.patience import hung_up
from streams.label.relaying import Answer, NotSent, Received, exchange, passed_on
from streams.label.settings import StandbySettings
from streams.label.whereabouts import View, Whereabouts


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
        answer = Answer(send)
        asking = asyncio.ensure_future(self._exchange(call, cast("OwnerState", view.owner), answer))
        moved = asyncio.ensure_future(self._whereabouts.changed(view, None))
        gone = asyncio.ensure_future(hung_up(receive))
        try:
            await asyncio.wait({asking, moved, gone}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done() or answer.whole:  # a whole answer ends `gone`, too
                await asking
            elif not gone.done():
                raise answer.failed() if answer.asked else NotSent
        finally:
            for one in (asking, moved, gone):
                one.cancel()

    async def _exchange(self, call: Received, owner: OwnerState, answer: Answer) -> None:
        transport = await self._transport_to(owner)
        address = call.scope["client"][0] if call.scope.get("client") else ""
        line = self._forwarder.line(address, owner.instance, self._clock.now())
        said = [(HEADER.encode(), line.encode())]
        await exchange(transport, lambda: passed_on(call, owner.url, answer, self._settings, said, LINK), answer)

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
