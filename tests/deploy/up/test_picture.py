"""What is asked of processes, and what is said of those that don't answer."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.restarts import Phase
from deploy.supervise.state import ProcessStatus, write_state
from deploy.up import picture

MANY = 20


@pytest.fixture
def root(tmp_path) -> Path:
    """Of an installation whose processes are all this one."""
    (tmp_path / "run").mkdir()
    me = ProcessIdentity.of(os.getpid())
    assert me is not None
    one = ProcessStatus("redact.demo.0", Phase.RUNNING, me.pid, me.started, 0, None, "redact.log", None)
    names = [(f"redact.demo.{at}", f"http://127.0.0.1:{at}/healthz") for at in range(MANY)]
    write_state(tmp_path, [replace(one, name=name, health_url=url) for name, url in names])
    return tmp_path


def test_those_that_do_not_answer_are_waited_for_together_and_asked_nothing_more(root, monkeypatch):
    """One after the other they would keep whoever asks for as long as there are many of them."""
    together, asked = threading.Barrier(MANY), []

    def silent(url: str, **_: object) -> httpx.Response:
        asked.append(url)
        together.wait(10)
        raise httpx.ReadTimeout("")

    monkeypatch.setattr(httpx, "get", silent)
    seen = picture.look(root).seen
    assert {one.condition for one in seen} == {picture.UNREACHABLE}
    assert sorted(asked) == sorted(one.health_url for one in seen)
