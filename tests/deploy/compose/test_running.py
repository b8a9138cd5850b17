"""Whose root it is, and whose name: a cluster touches no other one, and no stack without containers."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.compose.__main__ import main
from deploy.compose.ground import recorded_name
from deploy.compose.running import PARTS, Cluster, Settings
from deploy.local.stack import LocalStack
from schemas.errors import StackError
from tests.support.waiting import wait_for

THEIRS = "/somewhere/else"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the engine, with one container, of another root; what it was told."""
    said, program = tmp_path / "said", tmp_path / "podlet"
    labels = {"com.docker.compose.service": "kafka-1", "veilstream.root": THEIRS}
    inspected = json.dumps([{"Id": "1234", "Config": {"Labels": labels}}])
    program.write_text(
        f"""#!/bin/sh
echo "$@" >>{said}
case "$1" in ps) echo 1234;; inspect) echo '{inspected}';; esac
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("VEIL_CONTAINER_ENGINE", str(program))
    return said


@pytest.mark.parametrize("act", ["start", "down", "clear"])
def test_what_another_root_has_under_the_same_name_is_left_alone(engine, tmp_path, act):
    cluster = Cluster(tmp_path / "root", Settings("taken"))
    with pytest.raises(StackError, match=f"another root, {THEIRS}, is called taken"):
        getattr(cluster, act)()
    told = engine.read_text()
    assert "rm" not in told.split()
    assert "up" not in told.split()


def test_a_root_is_a_cluster_s_or_a_local_stack_s(engine, tmp_path):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "ports.json").write_text("{}")
    with pytest.raises(StackError, match="root of a stack without containers"):
        Cluster(tmp_path / "local").start()
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "cluster.env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    with pytest.raises(StackError, match="root of a cluster in containers"):
        LocalStack(tmp_path / "cluster", environ={}).start()
    assert not (tmp_path / "cluster" / "secrets").exists() or not list(
        (tmp_path / "cluster" / "secrets").iterdir()
    )


def started(tmp_path, monkeypatch, down: set[str], **how) -> list[list[str]]:
    """What Compose is told to start, of parts of which these are down."""
    said, program = tmp_path / "said", tmp_path / "podlet"
    inspected = json.dumps([
        {"State": {"Running": part not in down}, "Config": {"Labels": {"com.docker.compose.service": part}}}
        for part in PARTS
    ])  # fmt: skip
    program.write_text(
        f"""#!/bin/sh
echo "$@" >>{said}
case "$1" in ps) echo 1234;; inspect) echo '{inspected}';; esac
"""
    )
    program.chmod(0o755)
    cluster = Cluster(tmp_path / "root", environ={"VEIL_CONTAINER_ENGINE": str(program)})
    monkeypatch.setattr(Cluster, "_wait", lambda *_: None)
    cluster._start_parts(**how)
    return [it.split("--remove-orphans ")[1].split() for it in said.read_text().splitlines() if " up " in it]


def test_what_is_down_is_started_first_and_what_runs_one_at_a_time(tmp_path, monkeypatch):
    found = started(tmp_path, monkeypatch, down := {"kafka-2", "vault-3"})
    assert found == [["kafka-2", "vault-3"], *([it] for it in PARTS if it not in down)]


def test_under_another_authority_all_are_started_at_once_since_none_believes_one_of_before(tmp_path, monkeypatch):
    assert started(tmp_path, monkeypatch, {"kafka-2"}, at_once=True) == [list(PARTS)]


def test_it_keeps_the_name_that_it_was_started_by(tmp_path):
    (tmp_path / "cluster.env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    assert Cluster(tmp_path).ground.name == "mine"
    with pytest.raises(StackError, match="is called mine, and stays so"):
        Cluster(tmp_path, Settings("yours")).down()


@pytest.mark.parametrize("name", ["Veilstream", "-x", "a b", "a.b", "", "a\nB=1"])
def test_a_name_that_compose_does_not_take_is_refused_and_not_kept(engine, tmp_path, name):
    with pytest.raises(StackError, match="lower-case letters"):
        Cluster(tmp_path / "root", Settings(name)).start()
    assert recorded_name(tmp_path / "root") is None
    assert not engine.exists()


@pytest.mark.parametrize("name", ["a:b", "a$b", "a\\b", "a #b", "a\nb"])
def test_a_root_that_compose_takes_for_another_place_is_refused(engine, tmp_path, name):
    with pytest.raises(StackError, match="choose another root"):
        Cluster(tmp_path / name).start()
    assert not (tmp_path / name / "cluster.env").exists()
    assert not engine.exists()


def test_veil_down_and_status_do_not_say_that_nothing_runs_where_a_cluster_does(tmp_path):
    (tmp_path / "cluster.env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    for command in ("down", "status"):
        done = CliRunner().invoke(app, [command, "--root", str(tmp_path)])
        assert done.exit_code == 2
        assert "root of a cluster in containers" in " ".join(done.stderr.split())


@pytest.fixture
def heard():
    """Nothing is ignored, as it is where the tests were begun by `nohup` or in the background."""
    before = {it: signal.getsignal(it) for it in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for it, handler in before.items():
        signal.signal(it, handler)


@pytest.mark.parametrize("ends_by", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_up_that_is_told_to_end_ends_what_it_has_begun(tmp_path, monkeypatch, capsys, heard, ends_by):
    given_up = []

    def told_meanwhile(_: Cluster) -> None:
        os.kill(os.getpid(), ends_by)
        wait_for(lambda: False, "it is told to end")

    monkeypatch.setattr(Cluster, "_is_there", lambda _: False)
    monkeypatch.setattr(Cluster, "_start", told_meanwhile)
    monkeypatch.setattr(Cluster, "_give_up", lambda _, was_there: given_up.append(was_there))
    assert main(["up", "--root", str(tmp_path)]) == 130
    assert given_up == [False]
    assert "Traceback" not in capsys.readouterr().err
