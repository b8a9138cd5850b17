from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from schemas.states import OwnerState
from streams.label.front_door import PROBE
from streams.label.owner import Probe
from streams.label.probing import Prober
from streams.label.settings import ApiSettings
from streams.web.server import WebServer
from streams.web.settings import ConnectionSettings
from tests.support.callers import calling


@pytest.fixture
def prober():
    made = Prober(0.2)
    yield made
    made.close()


@contextmanager
def serving(answer, **limits):
    server = WebServer(Starlette(routes=[Route(PROBE, lambda _: answer)]), ApiSettings(**limits))
    try:
        yield server.start()
    finally:
        server.stop()


def owner_at(url):
    return OwnerState("label.demo.0/a", url, "", 1, 0)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (JSONResponse({"instance": "label.demo.0/a"}), Probe.ANSWERS),
        (JSONResponse({"instance": "label.demo.0/b"}), Probe.GONE),
        (JSONResponse([]), Probe.GONE),
        (PlainTextResponse("somebody else's page"), Probe.GONE),
        (PlainTextResponse("Service Unavailable", 503), Probe.BUSY),
    ],
    ids=["the owner", "its successor", "no object", "another program", "overloaded"],
)
def test_what_an_answer_means(prober, answer, meaning):
    with serving(answer) as url:
        assert prober.probe(owner_at(url)) is meaning
        assert prober.probe(owner_at(url)) is meaning


def test_connections_that_say_nothing_make_nobody_think_the_owner_gone(prober):
    limits = ConnectionSettings(places=5, headers_s=600.0)
    with (
        serving(JSONResponse({"instance": "label.demo.0/a"}), connections=limits) as url,
        ExitStack() as silent,
    ):
        for _ in range(4):
            for _ in range(4):
                silent.enter_context(calling(url))
            assert prober.probe(owner_at(url)) is Probe.ANSWERS
        prober.close()
        assert prober.probe(owner_at(url)) is Probe.ANSWERS


def test_where_nobody_listens_the_owner_is_gone(prober):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert prober.probe(owner_at(url)) is Probe.GONE


def test_who_listens_and_says_nothing_is_silent(prober):
    with socket.create_server(("127.0.0.1", 0)) as sleeping:
        assert prober.probe(owner_at(f"http://127.0.0.1:{sleeping.getsockname()[1]}")) is Probe.SILENT


def test_owner_that_dies_between_two_probes_is_gone_at_the_next_but_one(prober):
    with serving(JSONResponse({"instance": "label.demo.0/a"})) as url:
        assert prober.probe(owner_at(url)) is Probe.ANSWERS
    assert Probe.GONE in {prober.probe(owner_at(url)), prober.probe(owner_at(url))}
