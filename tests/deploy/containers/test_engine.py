"""Whom `deploy/containers/engine` runs its command with; that it starts one of its own, `.ci/run` shows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.containers import TREE

ENGINE = TREE / "deploy" / "containers" / "engine"


@pytest.fixture
def stand_in(tmp_path: Path):
    def make(code: int) -> Path:
        program = tmp_path / "podlet"
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
        return program

    return make


def run(program: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "VEIL_CONTAINER_ENGINE": str(program)}
    return subprocess.run([str(ENGINE), *command], env=environ, capture_output=True, text=True, check=False)


def test_an_engine_that_answers_is_used(stand_in) -> None:
    done = run(stand_in(0), "echo", "tested")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tested\n", "")


def test_where_none_answers_the_command_runs_and_a_line_says_so(stand_in) -> None:
    done = run(stand_in(1), "echo", "tested")
    assert (done.returncode, done.stdout) == (0, "tested\n")
    assert "No container engine" in done.stderr


@pytest.mark.parametrize("code", [0, 1])
def test_the_command_s_exit_code_is_its_own(stand_in, code) -> None:
    assert run(stand_in(code), "sh", "-c", "exit 7").returncode == 7
