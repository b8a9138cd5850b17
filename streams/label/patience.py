"""A call that waits for a task: until it gets one, its time is over, nobody gets any, or its caller has left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Receive

from streams.label.waiters import Waiters

T = TypeVar("T")


async def patiently(
    request: Request,
    person: str,
    batch: str,
    wait_s: float,
    ask: Callable[[], Awaitable[T | None]],
    waiters: Waiters,
) -> T | None:
    """What `ask` gives, asked again whenever it is the caller's turn, for so many seconds; else None.

    No thread waits, and nothing is asked of the loop meanwhile. `ask` is not called for a caller who has hung up:
    nobody would see the task. Whatever it raises ends the waiting.
    """
    now = asyncio.get_running_loop().time
    until = now() + wait_s
    gone = asyncio.create_task(hung_up(request.receive))
    try:
        while (left := until - now()) > 0:
            if not await _turn(waiters, person, batch, left, gone):
                return None
            found = await ask()
            if found is not None:
                return found
        return None
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def hung_up(receive: Receive) -> None:
    """Returns when the caller, whose body was read, has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _turn(waiters: Waiters, person: str, batch: str, left: float, gone: asyncio.Task[None]) -> bool:
    """Whether it is worth asking again."""
    waiting = waiters.wait(person, batch)
    turn = asyncio.wrap_future(waiting.turn)
    try:
        either: set[asyncio.Future[Any]] = {turn, gone}
        await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return turn.done() and not gone.done() and turn.result()
    finally:
        waiters.leave(waiting)
        turn.cancel()
