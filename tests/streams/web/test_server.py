"""One port for several processes of one stage, as browsers know it."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from schemas.errors import StackError
from streams.web.server import WebServer
from streams.web.settings import HttpSettings
from tests.support.pipeline import free_port


def server(name, port=0, shared=None):
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse(name))])
    return WebServer(app, HttpSettings(port=port), shared_port=shared)


def test_each_answers_on_its_own_port_and_whoever_lives_on_the_shared_one():
    shared = free_port()
    made = [server(name, shared=shared) for name in ("a", "b")]
    try:
        assert [httpx.get(one.start()).text for one in made] == ["a", "b"]
        together = f"http://127.0.0.1:{shared}"
        assert {httpx.get(together).text for _ in range(20)} <= {"a", "b"}
        made[0].stop()
        assert {httpx.get(together).text for _ in range(20)} == {"b"}
    finally:
        for one in made:
            one.stop()


def test_a_port_that_is_not_shared_is_taken_once():
    port = free_port()
    first, second = server("a", port), server("b", port)
    first.start()
    try:
        with pytest.raises(StackError, match=f"can't listen on 127.0.0.1:{port}"):
            second.start()
    finally:
        first.stop()
