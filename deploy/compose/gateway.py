"""One address for a page of several processes: `python -m deploy.compose.gateway HOST:PORT=HOST:PORT,HOST:PORT …`.

Each argument is a door: where it listens, and to whom it passes connections on. It passes bytes on as they are.
TLS, sessions and sign-in are the page's; there is no key, password or text here. Of those behind a door the next
one that takes the connection gets it: all processes of a page answer for the one that has the queue
(`streams/label/front_door.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import count

import structlog

from deploy import logs
from deploy.health_server import HealthServer
from deploy.settings import DEFAULT_HEALTH_PORT, HEALTH_PORT_VARIABLE
from schemas.errors import StackError, VeilError
from streams.engine.health import Condition, Health

CONNECTS_WITHIN_S = 1.0
"""On one machine it takes less than a millisecond, or nobody is there."""
PASSED_OVER_S = 1.0
"""So long whoever has not taken a connection is asked last: a page that is killed takes longer to start again."""
LOOKS_UP_EVERY_S = 2.0
"""A container that is started again may have another address; it takes longer than this to listen there."""
KNOWN_WITHIN_S = 2.0
"""Names are known a few milliseconds after the start, but those of containers that are down."""
IDLE_S = 300.0
"""Ten times as long as label lets anybody wait for a task. Who comes back later connects again, and whoever holds
connections for nothing doesn't hold them all for long."""
ENDS_WITHIN_S = 5.0
"""At SIGTERM, and for what is still under way to a side that has ended: a request takes milliseconds."""
CONNECTIONS = 1_000
"""At once at one door: twice what a page takes. Above, they are closed, and whoever makes them makes another."""
CHUNK = 64 * 1024
HIGHEST_PORT = 65_535

log = structlog.get_logger()
Address = tuple[str, int]
Resolve = Callable[[str, int], Sequence[str]]
"""The addresses that a name has now. Blocks for as long as it likes. Raises OSError."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Door:
    """Where connections are taken, and to whom they are passed on."""

    listens: Address
    behind: tuple[Address, ...]


def addresses_of(host: str, port: int) -> Sequence[str]:
    """As this machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Behind:
    """One process behind a door. A thread of its own looks its name up again and again, and the last addresses are
    kept: nobody who connects waits for a name server that has no answer for a container that is down.
    """

    def __init__(self, host: str, port: int, resolve: Resolve) -> None:
        self._host, self._port, self._resolve = host, port, resolve
        self._addresses: Sequence[str] = ()
        self._passed_over_until = 0.0
        self._tried, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._look_up, name=f"names-{host}", daemon=True).start()

    @property
    def passed_over(self) -> bool:
        """Whether it has not taken a connection a moment ago."""
        return time.monotonic() < self._passed_over_until

    def tried(self, within_s: float) -> None:
        """Block until its name was looked up once, or for so long."""
        self._tried.wait(within_s)

    async def connect(self) -> Streams | None:
        """None: it does not take the connection, and is passed over for a while."""
        for address in self._addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECTS_WITHIN_S):
                    return await asyncio.open_connection(address, self._port)
        self._passed_over_until = time.monotonic() + PASSED_OVER_S
        return None

    def end(self) -> None:
        """Look it up no more."""
        self._ended.set()

    def _look_up(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                self._addresses = self._resolve(self._host, self._port)
            self._tried.set()
            self._ended.wait(LOOKS_UP_EVERY_S)


class Gateway:
    """Takes the connections of one door, in one event loop."""

    def __init__(self, behind: Sequence[Address], resolve: Resolve = addresses_of, idle_s: float = IDLE_S) -> None:
        self._behind = [Behind(host, port, resolve) for host, port in behind]
        self._idle_s = idle_s
        self._turn = count()
        self._open: set[asyncio.Task[None]] = set()

    def know(self, deadline: float) -> None:
        """Block until each name was looked up once, or until then: for some nobody may have an answer."""
        for it in self._behind:
            it.tried(max(0.0, deadline - time.monotonic()))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until both sides have ended it, or one has gone."""
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        try:
            await self._pass_on((reader, writer))
        finally:
            self._open.discard(task)

    async def end(self, within_s: float = ENDS_WITHIN_S) -> None:
        """What is open may come to its end for so long."""
        for it in self._behind:
            it.end()
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _pass_on(self, front: Streams) -> None:
        async with _closing(front):
            back = await self._connected()
            if back is None:
                log.warning("nobody_behind")
                return
            async with _closing(back):
                await Passing(front, back, self._idle_s).run()

    async def _connected(self) -> Streams | None:
        """To the next one that takes it; those that have not taken one a moment ago come last."""
        first = next(self._turn) % len(self._behind)
        in_turn = [*self._behind[first:], *self._behind[:first]]
        for it in sorted(in_turn, key=lambda it: it.passed_over):
            if found := await it.connect():
                return found
        return None


class Passing:
    """Passes on what either side says until both have ended, one of them is gone, or for `idle_s` neither has said
    anything. A side that has ended may still be told something: a client that sends its last word and listens.
    """

    def __init__(self, front: Streams, back: Streams, idle_s: float) -> None:
        self._front, self._back, self._idle_s = front, back, idle_s
        self._last = time.monotonic()

    async def run(self) -> None:
        """Returns when there is nothing more to pass on."""
        (reader, writer), (there, back) = self._front, self._back
        answered = asyncio.create_task(self._copy(there, writer))
        ways = {asyncio.create_task(self._copy(reader, back)), answered}
        try:
            while ways and (left := self._last + self._patience_s(answered) - time.monotonic()) > 0:
                done, ways = await asyncio.wait(ways, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if not all(it.result() for it in done):
                    return
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def _patience_s(self, answered: asyncio.Task[bool]) -> float:
        """Once the page has said its last word, who says nothing either keeps a place here for nothing."""
        return min(self._idle_s, ENDS_WITHIN_S) if answered.done() else self._idle_s

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> bool:
        """One way, to its end, which is passed on as well. False where a side has gone."""
        try:
            while data := await source.read(CHUNK):
                self._last = time.monotonic()
                target.write(data)
                await target.drain()
                self._last = time.monotonic()
            target.write_eof()
        except OSError:
            return False
        return True


@contextlib.asynccontextmanager
async def _closing(streams: Streams) -> AsyncIterator[None]:
    """Close it at the end of this block; whoever doesn't take what was still to be said is not waited for."""
    _, writer = streams
    try:
        yield
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN_S):
                await writer.wait_closed()
    finally:
        writer.transport.abort()


def door(text: str) -> Door:
    """`entrance:8443=label-demo-0-page:8443,label-demo-1-page:8443`. Raises ValueError."""
    listens, _, behind = text.partition("=")
    return Door(address(listens), tuple(address(it) for it in behind.split(",")))


def address(text: str) -> Address:
    """`label-demo-0-page:8443`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not 0 < int(port) <= HIGHEST_PORT:
        raise ValueError("an address is HOST:PORT")
    return host, int(port)


async def run(doors: Sequence[Door], health: Health) -> None:
    """Serve until SIGTERM. Raises StackError where it can't listen."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateways = [Gateway(it.behind) for it in doors]
    known_by = time.monotonic() + KNOWN_WITHIN_S
    for gateway in gateways:
        gateway.know(known_by)
    async with contextlib.AsyncExitStack() as listening:
        for gateway, its in zip(gateways, doors, strict=True):
            server = await _listen(gateway, its.listens)
            listening.callback(server.close)  # nobody waits here for open connections: they end below
        health.set(Condition.WORKING)
        log.info("started", doors=len(doors), behind=sum(len(it.behind) for it in doors))
        await stop.wait()
    await asyncio.gather(*(it.end() for it in gateways))


async def _listen(gateway: Gateway, listens: Address) -> asyncio.Server:
    try:
        return await asyncio.start_server(gateway.serve, *listens)
    except OSError as error:
        raise StackError(f"This can't listen on {listens[0]}:{listens[1]}: {error.strerror}.") from error


def main(arguments: list[str] | None = None) -> int:
    """0 when it was told to stop, 2 where it can't listen."""
    parser = argparse.ArgumentParser(prog="python -m deploy.compose.gateway", description="Pass connections on.")
    parser.add_argument("doors", type=door, nargs="+", metavar="DOOR", help="HOST:PORT=HOST:PORT[,HOST:PORT...]")
    options = parser.parse_args(arguments)
    logs.configure("gateway")
    health = Health()
    try:
        server = HealthServer(health, int(os.environ.get(HEALTH_PORT_VARIABLE, DEFAULT_HEALTH_PORT)))
    except VeilError as error:
        log.error("refused", exc_info=error)
        return 2
    try:
        asyncio.run(run(options.doors, health))
    except VeilError as error:
        log.error("refused", exc_info=error)
        return 2
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
