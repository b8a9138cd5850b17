"""Who keeps a place by saying nothing, and who gets one all the same. With a real server and real connections."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from deploy.local.authority import VAULT, ensure_certificates
from streams.web.reception import Reception
from streams.web.server import WebServer
from streams.web.settings import ConnectionSettings, HttpSettings
from streams.web.shown_certificate import PemFiles, ShownCertificate
from tests.support.callers import PATIENCE_S, calling
from tests.support.waiting import wait_for

PATIENT = ConnectionSettings(places=500, headers_s=600.0, body_s=600.0, idle_s=600, untaken_s=600.0)
"""Nobody's time is ever over."""
SOON_S = 0.05
LATER_S = 2
"""Time enough to say what has to be said before it."""
HERE, THERE = "127.0.0.1", "127.0.0.2"


def asking(path: str = "/", more: bytes = b"") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode() + more + b"\r\n"


def posting(path: str, length: int = 10) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


class App:
    """`/`: answers. `/waits`: answers when it is told to. `/reads`: the whole body first. `/endless`: answers
    without an end, and says when nobody listens any more.
    """

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)
        self.answer = threading.Event()
        self.left = threading.Event()
        self.asked = 0
        self.said = "here"

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for it in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{it}.complete"})
            return
        self.asked += 1
        if scope["path"] == "/endless":
            await self._endless(receive, send)
            return
        if scope["path"] == "/reads":
            await Request(scope, receive).body()
        if scope["path"] == "/waits":
            self.waiting.release()
            await asyncio.to_thread(self.answer.wait, PATIENCE_S)
        await PlainTextResponse(self.said)(scope, receive, send)

    async def _endless(self, receive, send):
        async def until_left():
            while (await receive())["type"] != "http.disconnect":
                pass
            self.left.set()

        leaving = asyncio.create_task(until_left())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not self.left.is_set():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)
        await leaving


@pytest.fixture
def app():
    return App()


@pytest.fixture
def serving(app):
    """The address of a server for `app`, whose times and places these are."""
    with ExitStack() as ending:

        def start(tls=None, **limits):
            made = WebServer(app, HttpSettings(connections=replace(PATIENT, **limits)), tls)
            ending.callback(made.stop)
            return made.start()

        yield start


@pytest.fixture
def call():
    """Connections that last as long as the test."""
    with ExitStack() as ending:
        yield lambda *to: ending.enter_context(calling(*to))


def test_who_connects_and_says_nothing_is_hung_up_on(serving, call):
    assert call(serving(headers_s=SOON_S)).is_hung_up_on()


@pytest.mark.parametrize("first", [b"", b"\r\n", b"GET / HTTP/1.1\r\nX-Endless: "])
def test_headers_that_trickle_have_a_time(serving, call, first):
    caller = call(serving(headers_s=SOON_S))
    caller.say(first)
    assert caller.trickles_until_hung_up_on(b"GET /" + b"x" * 5_000)


def test_headers_of_a_later_request_have_a_time_too(serving, call):
    caller = call(serving(headers_s=LATER_S))
    caller.say(asking())
    assert caller.hears(b"here")
    caller.say(asking()[:-2])
    assert caller.is_hung_up_on()


def test_between_requests_there_is_a_time(serving, call):
    caller = call(serving(idle_s=1))
    caller.say(asking())
    assert caller.hears(b"here")
    assert caller.is_hung_up_on()


def test_an_empty_line_between_requests_wins_no_time(serving, call):
    """uvicorn's own timer ends with whatever is said."""
    caller = call(serving(idle_s=1))
    caller.say(asking())
    assert caller.hears(b"here")
    caller.say(b"\r\n")
    assert caller.is_hung_up_on()


@pytest.mark.parametrize("path", ["/", "/reads"])
def test_a_body_that_trickles_has_a_time_whether_or_not_anybody_reads_it(serving, call, path):
    caller = call(serving(body_s=SOON_S))
    caller.say(posting(path, 10_000))
    assert caller.trickles_until_hung_up_on(b"x" * 5_000)


def test_a_body_that_comes_after_its_answer_wins_no_time(serving, call):
    caller = call(serving(idle_s=1))
    caller.say(posting("/"))
    assert caller.hears(b"here")
    caller.say(b"x" * 10)
    assert caller.is_hung_up_on()


def test_who_takes_nothing_of_an_answer_is_hung_up_on(serving, call, app):
    call(serving(untaken_s=SOON_S)).say(asking("/endless"))
    assert app.left.wait(PATIENCE_S)


def test_who_was_told_all_and_takes_nothing_of_it_is_not_waited_for(app, call):
    """Closing a connection waits for what was still to be said."""
    app.said = "x" * 20_000_000
    made = WebServer(app, HttpSettings(connections=replace(PATIENT, untaken_s=SOON_S)))
    try:
        call(made.start()).say(asking("/", b"Connection: close\r\n"))
        wait_for(lambda: app.asked and not made._server.server_state.connections, "it is hung up on")
    finally:
        made.stop()


def test_who_waits_for_an_answer_may_wait_longer_than_for_anything_else(serving, call, app):
    url = serving(headers_s=LATER_S, body_s=LATER_S, idle_s=LATER_S)
    asked, posted = call(url), call(url)
    asked.say(asking("/waits"))
    posted.say(posting("/waits") + b"x" * 10)
    for _ in range(2):
        assert app.waiting.acquire(timeout=PATIENCE_S)
    idle = call(url)
    idle.say(asking())
    assert idle.hears(b"here")
    assert idle.is_hung_up_on()  # the longest of their times is over
    app.answer.set()
    assert asked.hears(b"here")
    assert posted.hears(b"here")


def test_a_request_that_came_while_one_was_answered_has_time_until_it_is_answered(serving, call, app):
    url = serving(headers_s=LATER_S, body_s=LATER_S, idle_s=LATER_S)
    caller = call(url)
    caller.say(asking("/waits") + asking("/waits"))
    assert app.waiting.acquire(timeout=PATIENCE_S)
    assert call(url).is_hung_up_on()
    app.answer.set()
    assert caller.hears(b"here")
    assert app.waiting.acquire(timeout=PATIENCE_S)
    assert caller.is_hung_up_on()


def test_as_many_silent_ones_as_there_are_places_keep_nobody_out(serving, call):
    url = serving(places=5)
    known = call(url, THERE)
    known.say(asking())
    assert known.hears(b"here")
    silent = [call(url) for _ in range(20)]
    assert httpx.get(url).text == "here"
    known.say(asking())
    assert known.hears(b"here")
    assert all(it.is_hung_up_on() for it in silent[:16])


def test_one_address_that_takes_all_places_gives_way_to_another(serving, call, app):
    url = serving(places=4)
    first = call(url, THERE)
    first.say(asking())
    assert first.hears(b"here")
    silent = [call(url, HERE) for _ in range(3)]
    second = call(url, THERE)
    assert silent[0].is_hung_up_on()
    for it in (first, second):
        it.say(asking())
        assert it.hears(b"here")


def test_who_is_being_answered_keeps_the_place_and_who_comes_is_turned_away_at_once(serving, call, app):
    url = serving(places=2)
    asked = [call(url) for _ in range(2)]
    for it in asked:
        it.say(asking("/waits"))
        assert app.waiting.acquire(timeout=PATIENCE_S)
    assert call(url, THERE).is_hung_up_on()
    app.answer.set()
    assert all(it.hears(b"here") for it in asked)
    assert httpx.get(url).text == "here"


class Authority:
    """Of a certificate that a server shows."""

    def __init__(self, folder):
        self._made = ensure_certificates(folder, folder / "ca.key", datetime.now(UTC))
        self.shown = ShownCertificate(PemFiles(self._made.certificate(VAULT), self._made.key(VAULT)))

    def answer(self, url: str) -> str:
        """To one who believes it."""
        return httpx.get(url, verify=ssl.create_default_context(cafile=str(self._made.ca))).text


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""How a client begins a handshake."""


@pytest.mark.parametrize("said", [b"", HELLO])
def test_a_handshake_that_never_ends_has_a_time(serving, call, authority, said):
    caller = call(serving(authority.shown, headers_s=SOON_S))
    caller.say(said)
    assert caller.is_hung_up_on()


def test_who_speaks_no_tls_is_hung_up_on_and_leaves_the_place(serving, call, authority):
    url = serving(authority.shown, places=1)
    for _ in range(3):
        caller = call(url)
        caller.say(asking())
        assert caller.is_hung_up_on()
    assert authority.answer(url) == "here"


def test_handshakes_that_never_end_keep_nobody_out(serving, call, authority):
    url = serving(authority.shown, places=5)
    silent = [call(url) for _ in range(20)]
    for it in silent:
        it.say(HELLO)
    assert authority.answer(url) == "here"
    assert all(it.is_hung_up_on() for it in silent[:15])


def test_where_no_descriptor_is_left_whoever_waits_is_taken_later(serving, monkeypatch):
    failures = [OSError(errno.EMFILE, ""), ConnectionAbortedError(), OSError(errno.ENFILE, "")]
    accept = socket.socket.accept

    def taken(listening):
        if failures:
            raise failures.pop()
        return accept(listening)

    with structlog.testing.capture_logs() as lines:
        url = serving()
        monkeypatch.setattr(socket.socket, "accept", taken)
        assert httpx.get(url).text == "here"
        wait_for(lambda: lines, "it is said")
    assert not failures
    assert lines[0]["no_descriptor"] in {1, 2}


def test_a_server_stops_whoever_is_connected(app, authority, call):
    servers = [WebServer(app, HttpSettings(connections=PATIENT), it) for it in (None, authority.shown)]
    callers = [call(it.start()) for it in servers]
    for it in servers:
        it.stop()
    assert all(it.is_hung_up_on() for it in callers)


def test_a_flood_is_a_line_a_minute(serving, call, monkeypatch):
    looks, tick = [], Reception.tick
    monkeypatch.setattr(Reception, "tick", lambda self: (tick(self), looks.append(self)))

    def flood(url):
        silent = [call(url) for _ in range(20)]
        assert all(it.is_hung_up_on() for it in silent[:18])

    with structlog.testing.capture_logs() as lines:
        url = serving(places=2)
        flood(url)
        wait_for(lambda: lines, "it is said")
        flood(url)
        looked = len(looks)
        wait_for(lambda: len(looks) > looked + 1, "it could have been said again")
    assert [(it["event"], it["places"]) for it in lines] == [("places_taken", 2)]


def test_who_speaks_no_http_writes_no_line(serving, call, caplog):
    caller = call(serving())
    caller.say(b"no http\r\n\r\n")
    assert caller.is_hung_up_on()
    assert not caplog.records
