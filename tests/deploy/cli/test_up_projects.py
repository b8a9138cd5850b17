"""Which projects `veil up` starts; on the real parts: test_up.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.exits import Exit
from deploy.up import background
from deploy.up.addresses import Address, write_addresses
from schemas.errors import StackError

Run = Callable[..., Any]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The projects that it would start, and starts none."""
    found: list[str] = []

    def launch(_root: Path, projects: Sequence[str], *_: object, **__: object) -> int:
        found.extend(projects)
        raise StackError("enough")

    monkeypatch.setattr(background, "launch", launch)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where two projects ran before."""
    (tmp_path / "run").mkdir()
    slots = [("redact", "letters"), ("redact", "calls"), ("label", "letters"), ("seal", "platform")]
    write_addresses(tmp_path, [Address(f"{role}.{it}.0", role, it, 0, 20_000) for role, it in slots])
    return tmp_path


def test_without_a_project_those_of_the_run_before_are_started_and_named(
    run: Run, root: Path, started: list[str]
) -> None:
    ended = run("up", "--detach", "--root", root)
    assert (ended.code, started) == (Exit.REFUSED, ["letters", "calls"])
    assert "starts letters, calls" in ended.err
    assert "run before" in ended.err


def test_the_variable_says_more_than_the_run_before(
    run: Run, root: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIL_PROJECT", "calls")
    run("up", "--detach", "--root", root)
    assert started == ["calls"]


def test_the_option_says_more_than_the_variable(
    run: Run, root: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIL_PROJECT", "calls")
    run("up", "--detach", "--root", root, "-p", "letters", "-p", "demo")
    assert started == ["letters", "demo"]


@pytest.mark.parametrize("said", [None, ""])
def test_where_nothing_ran_and_nothing_is_said_it_is_the_demo(
    run: Run, tmp_path: Path, started: list[str], monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    if said is not None:
        monkeypatch.setenv("VEIL_PROJECT", said)
    ended = run("up", "--detach", "--root", tmp_path)
    assert started == ["demo"]
    assert "starts demo" in ended.err
