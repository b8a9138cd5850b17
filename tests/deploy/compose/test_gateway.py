"""One address for a page of several processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from deploy.compose import gateway
from deploy.compose.gateway import Door, Gateway, address, addresses_of, door
from deploy.settings import HEALTH_PORT_VARIABLE
from tests.support.waiting import wait_for

SOON_S = 10.0
"""Longer than anything takes here on cores that others use."""
RESET = struct.pack("ii", 1, 0)
"""Whoever closes a socket so leaves at once, and takes back what was still to be said."""


async def echo(name: bytes, reader, writer) -> None:
    with suppress(OSError):
        while data := await reader.read(1024):
            writer.write(name + data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(serve):
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        await everybody_gone()


def behind(name: bytes):
    return serving(lambda reader, writer: echo(name, reader, writer))


@asynccontextmanager
async def before(*addresses, resolve=addresses_of, idle_s=60.0, known_s=SOON_S):
    made = Gateway(addresses, resolve, idle_s)
    made.know(asyncio.get_running_loop().time() + known_s)
    async with serving(made.serve) as at:
        try:
            yield at
        finally:
            await made.end(0)


async def said(at, words: bytes = b"hello") -> bytes:
    reader, writer = await asyncio.open_connection(*at)
    try:
        writer.write(words)
        return await asyncio.wait_for(reader.read(1024), SOON_S)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def everybody_gone() -> None:
    """Connections that are closed are gone when the loop has come round once more."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)


def nobody() -> tuple[str, int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()


def test_connections_go_to_one_after_the_other():
    async def run():
        async with behind(b"a") as first, behind(b"b") as second, before(first, second) as at:
            return [await said(at) for _ in range(4)]

    assert asyncio.run(run()) == [b"ahello", b"bhello", b"ahello", b"bhello"]


def test_one_that_does_not_take_it_is_passed_over():
    async def run():
        async with behind(b"b") as second, before(nobody(), second) as at:
            return [await said(at) for _ in range(3)]

    assert asyncio.run(run()) == [b"bhello"] * 3


def test_one_that_has_not_taken_it_is_not_asked_again_for_a_while(monkeypatch):
    asked = []
    connect = asyncio.open_connection

    async def noted(host, port):
        asked.append(port)
        return await connect(host, port)

    async def run():
        dead = nobody()
        async with behind(b"b") as second, before(dead, second) as at:
            monkeypatch.setattr(gateway, "PASSED_OVER_S", 3600.0)
            monkeypatch.setattr(asyncio, "open_connection", noted)
            for _ in range(6):
                await said(at)
        return asked.count(dead[1]), asked.count(second[1])

    assert asyncio.run(run()) == (1, 6)


def test_where_all_have_just_refused_they_are_asked_all_the_same():
    async def run():
        port = nobody()[1]
        async with before(("127.0.0.1", port)) as at:
            with suppress(ConnectionError):
                await said(at)
            server = await asyncio.start_server(lambda r, w: echo(b"a", r, w), "127.0.0.1", port)
            try:
                return await said(at)
            finally:
                server.close()

    assert asyncio.run(run()) == b"ahello"


def test_where_nobody_takes_it_the_connection_is_closed():
    async def run():
        async with before(nobody()) as at:
            try:
                return await said(at)
            except ConnectionError:
                return b""

    assert asyncio.run(run()) == b""


def test_a_name_that_nobody_answers_for_delays_nobody():
    answer = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        if host == "down":
            answer.wait()
            raise OSError
        return [host]

    async def run():
        async with behind(b"b") as up, before(("down", 1), up, resolve=hangs, known_s=0.2) as at:
            return await asyncio.wait_for(asyncio.gather(*(said(at) for _ in range(40))), SOON_S)

    try:
        assert asyncio.run(run()) == [b"bhello"] * 40
    finally:
        answer.set()


def test_the_last_address_is_kept_while_a_name_has_none(monkeypatch):
    monkeypatch.setattr(gateway, "LOOKS_UP_EVERY_S", 0.0)
    looked = threading.Semaphore(0)
    known = iter([["127.0.0.1"]])

    def forgotten(_host: str, _port: int) -> list[str]:
        looked.release()
        try:
            return next(known)
        except StopIteration:
            raise OSError from None

    async def run():
        async with behind(b"a") as up, before(("label", up[1]), resolve=forgotten) as at:
            for _ in range(5):
                assert looked.acquire(timeout=SOON_S)
            return await said(at)

    assert asyncio.run(run()) == b"ahello"


def test_who_has_said_all_still_hears_the_answer():
    async def answer_at_the_end(reader, writer):
        writer.write(b"you said " + await reader.read())
        writer.close()

    async def run():
        async with serving(answer_at_the_end) as page, before(page) as at:
            reader, writer = await asyncio.open_connection(*at)
            writer.write(b"all")
            writer.write_eof()
            heard = await asyncio.wait_for(reader.read(), SOON_S)
            writer.close()
            await writer.wait_closed()
            return heard

    assert asyncio.run(run()) == b"you said all"


def test_who_has_heard_all_may_still_say_something():
    heard = []

    async def say_nothing(reader, writer):
        writer.write_eof()
        heard.append(await reader.read())
        writer.close()

    async def run():
        async with serving(say_nothing) as page, before(page) as at:
            reader, writer = await asyncio.open_connection(*at)
            assert await asyncio.wait_for(reader.read(), SOON_S) == b""
            writer.write(b"all the same")
            writer.close()
            await writer.wait_closed()
            await until(lambda: heard)

    asyncio.run(run())
    assert heard == [b"all the same"]


def test_when_one_side_is_gone_so_is_the_other():
    async def go(reader, writer):
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()

    async def speak_on(writer):
        while True:
            writer.write(b"hello")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def run():
        async with serving(go) as page, before(page) as at:
            _, writer = await asyncio.open_connection(*at)
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(speak_on(writer), SOON_S)

    asyncio.run(run())


def test_a_connection_on_which_nobody_says_anything_is_closed():
    async def run():
        async with behind(b"a") as page, before(page, idle_s=0.1) as at:
            reader, writer = await asyncio.open_connection(*at)
            try:
                return await asyncio.wait_for(reader.read(), SOON_S)
            except ConnectionError:
                return b""
            finally:
                writer.close()

    assert asyncio.run(run()) == b""


def test_who_says_nothing_once_the_page_has_hung_up_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(gateway, "ENDS_WITHIN_S", 0.1)

    async def run():
        reached = asyncio.Event()

        async def hang_up(_reader, writer):
            reached.set()
            writer.close()

        async with serving(hang_up) as page, before(page) as at:
            before_it = open_files()
            with socket.create_connection(at[:2]):
                await asyncio.wait_for(reached.wait(), SOON_S)
                await until(lambda: open_files() == before_it + 1)

    asyncio.run(run())


def test_one_on_which_only_one_side_speaks_is_kept(monkeypatch):
    clock, words = Clock(), asyncio.Queue()

    async def speak(_reader, writer):
        while word := await words.get():
            writer.write(word)
        writer.close()

    async def run():
        async with serving(speak) as page, before(page, idle_s=0.2) as at:
            monkeypatch.setattr(gateway, "time", clock)
            reader, writer = await asyncio.open_connection(*at)
            for number in range(1, 5):
                clock.now = number * 0.15
                words.put_nowait(b"on")
                assert await asyncio.wait_for(reader.read(2), SOON_S) == b"on"
                clock.now += 0.14
                await clock.asked_again(3)
            words.put_nowait(b"")
            writer.close()

    asyncio.run(run())


class Clock:
    """Stands still, and knows how often it was looked at."""

    def __init__(self):
        self.now, self.looks = 0.0, 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.now

    async def asked_again(self, times: int) -> None:
        enough = self.looks + times
        await until(lambda: self.looks >= enough)


def test_who_takes_nothing_of_what_is_said_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(gateway, "ENDS_WITHIN_S", 0.1)

    async def talk(_reader, writer):
        with suppress(OSError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        writer.close()

    async def run():
        async with serving(talk) as page, before(page, idle_s=0.3) as at:
            before_it = open_files()
            with socket.create_connection(at[:2]):
                await until(lambda: open_files() == before_it + 4)
                await until(lambda: open_files() == before_it + 1)

    asyncio.run(run())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(true) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - whoever makes it true knows nothing of this
            await asyncio.sleep(0.01)


def test_open_connections_end_within_a_bound():
    async def run():
        async with behind(b"a") as page:
            made = Gateway([page])
            made.know(asyncio.get_running_loop().time() + SOON_S)
            async with serving(made.serve) as at:
                reader, writer = await asyncio.open_connection(*at)
                writer.write(b"hello")
                assert await reader.read(100) == b"ahello"
                await asyncio.wait_for(made.end(0.1), SOON_S)
                with suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), SOON_S) == b""
                writer.close()

    asyncio.run(run())


def test_an_address_is_a_host_and_a_port():
    assert address("label-demo-0-page:8443") == ("label-demo-0-page", 8443)


def test_a_door_is_where_it_listens_and_whom_it_passes_connections_on_to():
    found = door("entrance:8443=label-demo-0-page:8443,label-demo-1-page:8444")
    assert found == Door(("entrance", 8443), (("label-demo-0-page", 8443), ("label-demo-1-page", 8444)))


@pytest.mark.parametrize(
    "text", ["", "a:1", "a:1=", "=a:1", "a:1=b", "a:1=b:2,", "a:1=:2", "a:x=b:2", "a:0=b:1", "a:1=b:65536"]
)
def test_what_is_no_door_is_refused(text):
    with pytest.raises(ValueError, match=r"address|int"):
        door(text)


def test_one_process_has_several_doors_and_ends_when_it_is_told_with_connections_open():
    health, *at = (nobody() for _ in range(3))
    with ExitStack() as open_:
        pages = [open_.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in at]
        doors = [f"{said_as(one)}={said_as(page.getsockname())}" for one, page in zip(at, pages, strict=True)]
        process = open_.enter_context(started(health[1], *doors))
        for one, page in zip(at, pages, strict=True):
            page.settimeout(SOON_S)
            front = open_.enter_context(wait_for(lambda one=one: connected(one), "it listens"))
            back = open_.enter_context(page.accept()[0])
            front.sendall(b"hello")
            assert back.recv(100) == b"hello"
        process.send_signal(signal.SIGTERM)
        assert process.wait(gateway.ENDS_WITHIN_S + SOON_S) == 0


def test_where_it_cannot_listen_it_says_where():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = said_as(taken.getsockname())
        with started(nobody()[1], f"{where}={said_as(nobody())}") as process:
            said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"can't listen on {where}" in said.decode()


@contextmanager
def started(health_port: int, *doors: str):
    command = [sys.executable, "-m", "deploy.compose.gateway", *doors]
    environ = {**os.environ, HEALTH_PORT_VARIABLE: str(health_port)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


def said_as(at: tuple[str, int]) -> str:
    return f"{at[0]}:{at[1]}"


def connected(at: tuple[str, int]) -> socket.socket | None:
    try:
        return socket.create_connection(at)
    except ConnectionRefusedError:
        return None
