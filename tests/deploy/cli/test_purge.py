"""What `veil purge` prints and how it ends; on the real parts: tests/integration/test_retention.py."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from deploy import purging
from deploy.cli.exits import Exit
from deploy.purging import Checked, ordered
from schemas.audit import Event
from topology.loading import load_topology
from topology.retained import Fault, Place

Run = Callable[..., Any]
AT = 1_700_000_000_000
FINE = Place("raw.demo", 12, AT, AT + 1)
LATE = Place("tasks.demo", 3, AT, AT + 1, Fault.OVERDUE, "partition 2 begins too early")


def found(monkeypatch: pytest.MonkeyPatch, *places: Place) -> list[str]:
    asked: list[str] = []

    def check(_root: object, project: str) -> Checked:
        asked.append(project)
        return Checked(project, AT, places)

    monkeypatch.setattr(purging, "check", check)
    return asked


def test_without_dry_run_it_says_who_purges_and_touches_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, FINE)
    ended = run("purge")
    assert (ended.code, asked) == (Exit.REFUSED, [])
    for word in ("Kafka", "keeper", "veil erase", "--dry-run"):
        assert word in ended.err


def test_nothing_overdue_ends_with_0(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found(monkeypatch, FINE)
    ended = run("purge", "--dry-run")
    assert (ended.code, asked) == (Exit.OK, [""])
    assert "Nothing is overdue in 1 places" in ended.out


def test_something_overdue_ends_with_1_and_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, FINE, LATE)
    ended = run("purge", "--dry-run", "--project", "demo")
    assert ended.code == Exit.FAILED
    assert "tasks.demo: overdue: partition 2 begins too early" in ended.out
    told = run("purge", "--dry-run", "--project", "demo", "--json")
    assert told.code == Exit.FAILED
    content = json.loads(told.out)
    assert (content["faults"], content["places"][1]["fault"], content["places"][0]["fault"]) == (
        1,
        "overdue",
        None,
    )


def test_a_project_is_looked_at_alone_and_the_platform_with_all() -> None:
    topology = load_topology()
    own = {spec.name for spec in ordered(topology, "demo")}
    every = {spec.name for spec in ordered(topology, "")}
    assert own == {kind.topic("demo") for kind in topology.flow.topics.values() if kind.scope == "project"}
    assert every - own >= {"control", "audit.platform"}


@pytest.mark.usefixtures("first_process")
def test_one_that_is_told_to_end_says_nothing_and_closes_its_connections(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Event] = []
    closed: list[bool] = []

    def looks(*_: object) -> Iterator[Place]:
        os.kill(os.getpid(), signal.SIGTERM)
        yield FINE

    around = SimpleNamespace(
        topology=load_topology(),
        clock=SimpleNamespace(now=lambda: AT),
        close=lambda: closed.append(True),
    )
    monkeypatch.setattr("deploy.inspecting.surroundings", lambda *_: around)
    monkeypatch.setattr(purging, "act", lambda _around, _outputs, events: said.extend(events))
    monkeypatch.setattr(purging, "_topics", looks)
    monkeypatch.setattr(purging, "_of_project", lambda *_: iter(()))
    ended = run("purge", "--dry-run")
    assert (ended.code, said, closed) == (130, [], [True])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
