"""Which programs a cluster is driven with, and that nobody else's containers are touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.compose.engine import Compose, found
from schemas.errors import StackError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return tmp_path


def stand_in(folder: Path, name: str, script: str) -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return name


def test_without_an_engine_it_says_so(programs):
    with pytest.raises(StackError, match=r"No container engine answers \(no-such\)"):
        found({"VEIL_CONTAINER_ENGINE": "no-such"})


def test_the_plugin_comes_first_and_debian_s_program_second(programs):
    engine = stand_in(programs, "podlet", "exit 0")
    assert found({"VEIL_CONTAINER_ENGINE": engine}) == ((engine, "compose"), engine)
    stand_in(programs, "podlet", '[ "$1" != compose ]')
    stand_in(programs, "docker-compose", "exit 0")
    assert found({"VEIL_CONTAINER_ENGINE": engine}) == (("docker-compose",), engine)


def test_without_compose_it_says_what_to_install(programs):
    engine = stand_in(programs, "podlet", '[ "$1" != compose ]')
    if (Path("/usr/bin") / "docker-compose").exists():
        pytest.skip("this machine has docker-compose")
    with pytest.raises(StackError, match="has no Compose"):
        found({"VEIL_CONTAINER_ENGINE": engine})


def test_what_it_removes_has_its_project_s_label(programs):
    said = programs / "said"
    script = f'echo "$@" >>{said}; case "$*" in *--quiet*) echo 1234;; esac'
    engine = str(programs / stand_in(programs, "podlet", script))
    Compose("mine", Path("c.yaml"), Path("env"), ("none",), engine).down()
    assert said.read_text().splitlines() == [
        "ps --all --quiet --filter label=com.docker.compose.project=mine",
        "rm --force 1234",
        "network ls --quiet --filter label=com.docker.compose.project=mine",
        "network rm 1234",
    ]


def test_who_is_stopped_has_its_time_and_who_is_not_there_is_not_waited_for(programs):
    said = programs / "said"
    inspected = json.dumps([{"Id": "1234", "Config": {"Labels": {"com.docker.compose.service": "redact-demo-0"}}}])
    script = f"""echo "$@" >>{said}; case "$1" in ps) echo 1234;; inspect) echo '{inspected}';; esac"""
    engine = str(programs / stand_in(programs, "podlet", script))
    Compose("mine", Path("c.yaml"), Path("env"), ("none",), engine).stop("redact-demo-0", "gone")
    assert said.read_text().splitlines()[-1] == "stop --time 60 1234"


def test_variables_of_the_shell_do_not_win_over_the_cluster_s(programs, monkeypatch):
    said = programs / "said"
    monkeypatch.setenv("CLUSTER_ROOT", "/elsewhere")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "another")
    program = str(programs / stand_in(programs, "composer", f'echo "$CLUSTER_ROOT$COMPOSE_PROJECT_NAME." >{said}'))
    Compose("mine", Path("c.yaml"), Path("env"), (program,), "none").up()
    assert said.read_text() == ".\n"


def test_where_nothing_is_left_nothing_is_removed(programs):
    engine = str(programs / stand_in(programs, "podlet", 'case "$1" in rm) exit 9;; esac'))
    Compose("mine", Path("c.yaml"), Path("env"), ("none",), engine).down()


def test_what_fails_is_told_with_what_the_program_said(programs):
    engine = str(programs / stand_in(programs, "podlet", "echo no space left >&2; exit 3"))
    with pytest.raises(StackError, match="ended with 3: no space left"):
        Compose("mine", Path("c.yaml"), Path("env"), ("none",), engine).down()


def test_a_container_that_dies_slowly_is_told_again(programs):
    said = programs / "said"
    script = f'case "$1" in rm) echo >>{said}; [ "$(wc -l <{said})" -ge 3 ] || exit 1;; ps) echo 1234;; esac'
    engine = str(programs / stand_in(programs, "podlet", script))
    Compose("mine", Path("c.yaml"), Path("env"), ("none",), engine).down()
    assert len(said.read_text().splitlines()) == 3
