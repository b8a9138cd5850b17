"""Logs that processes hold open stay small, and what is in them is not lost at once."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.supervise import supervisor as supervising
from deploy.supervise.bounded import Bounded, put_aside
from deploy.supervise.supervisor import Supervisor
from tests.deploy.supervise.test_supervisor import python
from tests.support.waiting import wait_for

TALKATIVE = """
import os, signal
signal.signal(signal.SIGHUP, lambda *_: os.write(1, b'x' * 20_000))
os.write(1, b'up')
while True:
    signal.pause()
"""
"""Says much each time it is told to."""


@pytest.fixture
def log(tmp_path: Path):
    path = tmp_path / "stage.jsonl"
    path.touch(mode=0o600)
    return path


def older(log: Path) -> Path:
    return log.with_name(f"{log.name}.1")


def test_a_small_one_is_left_alone(log):
    log.write_text("small\n")
    put_aside(log, limit_bytes=10)
    assert (log.read_text(), older(log).exists()) == ("small\n", False)


def test_one_that_is_not_there_is_none(log):
    log.unlink()
    put_aside(log, limit_bytes=0)
    assert not log.exists()


def test_who_has_it_open_goes_on_at_its_beginning(log):
    with log.open("ab", buffering=0) as writer:
        for number in range(3):
            writer.write(b"line %d\n" % number)
            put_aside(log, limit_bytes=7)
        writer.write(b"new\n")
    assert (log.read_text(), older(log).read_text()) == ("new\n", "line 2\n")
    assert older(log).stat().st_mode & 0o777 == 0o600


def test_it_does_not_write_where_a_link_points(log, tmp_path):
    (tmp_path / "another").write_text("of somebody else's\n")
    older(log).symlink_to(tmp_path / "another")
    log.write_text("large enough\n")
    put_aside(log, limit_bytes=10)
    assert (tmp_path / "another").read_text() == "of somebody else's\n"
    assert older(log).read_text() == "large enough\n"


def test_where_the_disk_refuses_all_is_still_there_and_the_next_look_tries_again(log, monkeypatch):
    def full(*_args, **_others):
        raise OSError("no space left")

    log.write_text("large enough\n")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", full)
        put_aside(log, limit_bytes=10)
    assert log.read_text() == "large enough\n"
    put_aside(log, limit_bytes=10)
    assert (log.read_text(), older(log).read_text()) == ("", "large enough\n")


def test_of_two_who_look_at_once_one_puts_it_aside(log):
    content, together = b"y" * 2_000_000, threading.Barrier(2)

    def look():
        together.wait()
        put_aside(log, limit_bytes=10)

    for _ in range(20):
        log.write_bytes(content)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(look) for _ in range(2)]:
                done.result()
        assert (log.stat().st_size, older(log).read_bytes() == content) == (0, True)


def test_a_thread_looks_again_and_again_until_it_is_stopped_and_may_be_started_anew(log):
    bounded = Bounded([log.with_name("missing"), log], limit_bytes=10, every_s=0.01)
    for text in ("the first time\n", "the second time\n"):
        bounded.start()
        bounded.start()
        log.write_text(text)
        wait_for(lambda: log.stat().st_size == 0, "it is cut")
        assert older(log).read_text() == text
        bounded.stop()
    log.write_text("nobody looks\n")
    bounded.stop()
    assert log.read_text() == "nobody looks\n"


def test_the_log_of_a_process_that_runs_is_put_aside_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(supervising, "Bounded", lambda logs: Bounded(logs, limit_bytes=10_000, every_s=0.01))
    spec = python(tmp_path, "talkative", TALKATIVE)
    supervisor = Supervisor(tmp_path, [spec])
    supervisor.start()
    try:
        wait_for(lambda: spec.log_file.read_bytes() == b"up", "it is up")
        for _ in range(3):
            supervisor.hang_up("talkative")
            wait_for(lambda: older(spec.log_file).exists() and not spec.log_file.stat().st_size, "it is put aside")
            assert older(spec.log_file).read_bytes().endswith(b"x" * 20_000)
            older(spec.log_file).unlink()
    finally:
        supervisor.stop()
