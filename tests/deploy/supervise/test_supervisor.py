from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from deploy.supervise import identity
from deploy.supervise.identity import ProcessIdentity, end_leftover, read_identity, write_identity
from deploy.supervise.lock import RootLock, root_owner
from deploy.supervise.restarts import Phase, RestartRule
from deploy.supervise.spawn import Nursery
from deploy.supervise.state import ProcessStatus, read_state, write_state
from deploy.supervise.supervisor import ProcessSpec, Supervisor
from schemas.errors import StackError

FAST = RestartRule(first_s=0.05, factor=1, ceiling_s=0.05)
PATIENCE_S = 20


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    ticker = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "condition not reached"
        ticker.wait(0.02)


def python(root: Path, name: str, program: str, health_url: str | None = None) -> ProcessSpec:
    argv = (sys.executable, "-I", "-S", "-c", program)
    return ProcessSpec(name, argv, {"PATH": os.environ["PATH"]}, root / "logs" / f"{name}.jsonl", health_url)


IDLE = 'import signal; print(\'{"event": "up"}\', flush=True); signal.pause()'
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
while True:
    signal.pause()
"""


def test_a_killed_process_is_restarted_and_counted(tmp_path: Path):
    supervisor = Supervisor(tmp_path, [python(tmp_path, "stage", IDLE)], rule=FAST)
    supervisor.start()
    try:
        first = supervisor.statuses()[0]
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: supervisor.statuses()[0].restarts == 1)
        again = supervisor.statuses()[0]
        assert again.pid != first.pid
        assert again.last_exit == -signal.SIGKILL
        until(lambda: read_state(tmp_path) == (again,))
        assert read_state(tmp_path)[0].alive()
    finally:
        supervisor.stop()
    assert not first.alive()
    assert not again.alive()
    assert read_state(tmp_path)[0].phase is Phase.STOPPED
    events = [json.loads(line) for line in (tmp_path / "logs" / "supervisor.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["process.started", "process.ended"] * 2


def test_output_is_appended_to_a_private_log(tmp_path: Path):
    log = tmp_path / "logs" / "stage.jsonl"
    for _ in range(2):
        supervisor = Supervisor(tmp_path, [python(tmp_path, "stage", IDLE)])
        before = log.stat().st_size if log.exists() else 0
        supervisor.start()
        until(lambda before=before: log.stat().st_size > before)
        supervisor.stop()
    assert log.read_text() == '{"event": "up"}\n' * 2
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_process_deaf_to_sigterm_is_killed_after_the_limit(tmp_path: Path):
    spec = python(tmp_path, "stubborn", STUBBORN)
    supervisor = Supervisor(tmp_path, [spec])
    supervisor.start()
    until(lambda: spec.log_file.read_text() == "up\n")
    status = supervisor.statuses()[0]
    supervisor.stop(limit_s=0.2)
    assert not status.alive()
    assert supervisor.statuses()[0].last_exit == -signal.SIGKILL


SOCIABLE = """
import pathlib, signal, sys
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(pathlib.Path(sys.argv[1]).touch()))
print('up', flush=True)
while not told or len(list(pathlib.Path(sys.argv[1]).parent.glob('*.told'))) < 3:
    signal.sigtimedwait([signal.SIGUSR1], 0.01)
"""
"""Ends when all three have been told to."""


def test_processes_are_stopped_at_once_so_that_none_waits_for_another_s_limit(tmp_path: Path):
    def spec(name: str) -> ProcessSpec:
        made = python(tmp_path, name, SOCIABLE)
        return replace(made, argv=(*made.argv, str(tmp_path / f"{name}.told")))

    specs = [spec(name) for name in ("one", "two", "three")]
    supervisor = Supervisor(tmp_path, specs)
    supervisor.start()
    until(lambda: all(it.log_file.exists() and it.log_file.read_text() == "up\n" for it in specs))
    supervisor.stop(limit_s=PATIENCE_S)
    assert [it.last_exit for it in supervisor.statuses()] == [0, 0, 0]


def test_a_program_that_cannot_run_is_tried_again_and_can_be_stopped(tmp_path: Path):
    spec = ProcessSpec("ghost", ("/nonexistent/program",), {}, tmp_path / "logs" / "ghost.jsonl")
    supervisor = Supervisor(tmp_path, [spec], rule=FAST)
    supervisor.start()
    until(lambda: supervisor.statuses()[0].restarts >= 2)
    supervisor.stop()
    assert supervisor.statuses()[0].pid is None


def test_a_process_that_never_gets_well_is_named(tmp_path: Path):
    spec = python(tmp_path, "stage", IDLE, health_url="http://127.0.0.1:1/healthz")
    supervisor = Supervisor(tmp_path, [spec])
    supervisor.start()
    try:
        late = supervisor.unready(0)
        assert late is not None
        assert late.name == "stage"
    finally:
        supervisor.stop()


def test_on_a_full_disk_processes_are_still_watched_started_again_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    spec, handed = python(tmp_path, "stage", IDLE), []

    def hand() -> bytes:
        handed.append(1)
        if len(handed) == 2:
            full()
        return b"handed"

    monkeypatch.setattr("deploy.supervise.supervisor.write_identity", full)
    supervisor = Supervisor(tmp_path, [replace(spec, hand=hand)], rule=FAST)
    supervisor.start()
    try:
        pid = supervisor.status("stage").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(handed) == 3 and supervisor.status("stage").alive())
        last = supervisor.status("stage")
    finally:
        supervisor.stop()
    assert not last.alive()


def test_stop_before_start_returns_at_once(tmp_path: Path):
    Supervisor(tmp_path, [python(tmp_path, "stage", IDLE)]).stop()


def test_environment_is_not_in_the_spec_s_repr(tmp_path: Path):
    spec = ProcessSpec("stage", ("/bin/true",), {"TOKEN": "hush"}, tmp_path / "log")
    assert "hush" not in repr(spec)


OWNER = """
import sys, signal
from pathlib import Path
sys.path.insert(0, {repo!r})
from deploy.supervise.spawn import NURSERY
child = NURSERY.spawn(["/bin/sleep", "600"], {{}}, Path({log!r}), Path("/"))
print(child.pid, flush=True)
signal.pause()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's tie is Linux's prctl")
def test_children_die_with_an_owner_killed_without_warning(tmp_path: Path):
    repo = str(Path(__file__).parents[3])
    program = OWNER.format(repo=repo, log=str(tmp_path / "log"))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        child = ProcessIdentity.of(pid)
        assert child is not None
        owner.kill()
    until(lambda: not child.alive())


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path):
    nursery, children = Nursery(), []

    def ask() -> None:
        children.append(nursery.spawn(["/bin/sleep", "600"], {}, tmp_path / "log", tmp_path))

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    child = children[0]
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.3)
    child.kill()
    assert child.wait() == -signal.SIGKILL


def test_an_unwritable_log_is_a_stack_error(tmp_path: Path):
    with pytest.raises(StackError, match="could not be started"):
        Nursery().spawn(["/bin/true"], {}, tmp_path / "missing" / "log", tmp_path)


def test_second_owner_of_a_root_is_refused_with_the_first_one_s_pid(tmp_path: Path):
    with RootLock(tmp_path):
        assert root_owner(tmp_path) == ProcessIdentity.of(os.getpid())
        with pytest.raises(StackError, match=f"in use by process {os.getpid()}"):
            RootLock(tmp_path).acquire()
    assert root_owner(tmp_path) is None
    with RootLock(tmp_path):
        pass


def test_a_reused_pid_is_not_taken_for_the_process_written_down(tmp_path: Path):
    me = ProcessIdentity.of(os.getpid())
    assert me is not None
    path = tmp_path / "stage.pid"
    write_identity(path, replace(me, started=f"{me.started}1"))
    end_leftover(path)  # would end this very test run
    assert not path.exists()


def test_a_process_is_the_same_when_the_clock_was_set(monkeypatch: pytest.MonkeyPatch):
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    booted, created = psutil.boot_time, psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: booted() + 3600)
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: created(process) + 3600)
    assert mine.alive()
    assert ProcessIdentity.of(os.getpid()) == mine


def test_after_another_boot_nobody_is_who_was_written_down(monkeypatch: pytest.MonkeyPatch):
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    monkeypatch.setattr(identity, "_boot", lambda: "another")
    assert not mine.alive()


def test_a_leftover_of_a_crashed_owner_is_ended(tmp_path: Path):
    path = tmp_path / "stage.pid"
    with subprocess.Popen(["/bin/sleep", "600"]) as leftover:
        its = ProcessIdentity.of(leftover.pid)
        assert its is not None
        write_identity(path, its)
        end_leftover(path)
        assert not its.alive()
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": null, "started": 1}', "[]"])
def test_a_pid_file_cut_short_means_nobody(tmp_path: Path, content: str):
    path = tmp_path / "stage.pid"
    path.write_text(content)
    assert read_identity(path) is None
    end_leftover(path)
    assert not path.exists()


def test_state_survives_the_file(tmp_path: Path):
    (tmp_path / "run").mkdir()
    status = ProcessStatus("redact", Phase.WAITING, None, None, 3, -9, "/logs/redact.jsonl", None)
    write_state(tmp_path, [status])
    assert read_state(tmp_path) == (status,)
    assert (tmp_path / "run" / "state.json").stat().st_mode & 0o777 == 0o600


def test_no_state_file_means_no_processes(tmp_path: Path):
    assert read_state(tmp_path) == ()


TELL = "import sys, signal; print(sys.stdin.read(), flush=True); signal.pause()"


def test_each_start_finds_what_it_is_handed_in_its_standard_input_and_each_end_is_told(tmp_path: Path):
    given, ended, log = iter(["first", "second"]), [], tmp_path / "logs" / "stage.jsonl"
    spec = replace(python(tmp_path, "stage", TELL), hand=lambda: next(given).encode(), ended=ended.append)
    supervisor = Supervisor(tmp_path, [spec], rule=FAST)
    supervisor.start()
    try:
        until(lambda: log.read_text() == "first\n")
        pid = supervisor.status("stage").pid
        assert pid is not None
        assert (
            b"first" not in Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(pid, signal.SIGKILL)
        until(lambda: log.read_text() == "first\nsecond\n")
        assert ended == [-signal.SIGKILL]
    finally:
        supervisor.stop()


def test_a_start_for_which_there_is_nothing_to_hand_over_yet_is_tried_again(tmp_path: Path):
    tries = []

    def hand() -> bytes:
        tries.append(1)
        if len(tries) in (2, 3):
            raise StackError("not yet")
        return b"handed"

    supervisor = Supervisor(tmp_path, [replace(python(tmp_path, "stage", TELL), hand=hand)], rule=FAST)
    supervisor.start()
    try:
        pid = supervisor.status("stage").pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(tries) == 4 and supervisor.status("stage").alive())
    finally:
        supervisor.stop()


def test_who_ends_before_it_takes_what_it_is_handed_is_an_end_like_others(tmp_path: Path):
    spec = replace(python(tmp_path, "stage", "import os; os.close(0)"), hand=lambda: b"x" * 4096)
    supervisor = Supervisor(tmp_path, [spec], rule=FAST)
    supervisor.start()
    until(lambda: supervisor.status("stage").restarts >= 2)
    supervisor.stop()


def test_what_can_not_be_started_at_all_ends_no_other_child(tmp_path: Path):
    nursery, environ, log = Nursery(), {"PATH": os.environ["PATH"]}, tmp_path / "log"
    child = nursery.spawn((sys.executable, "-I", "-S", "-c", IDLE), environ, log, tmp_path)
    with pytest.raises(ValueError, match="null"):
        nursery.spawn((sys.executable, "a\0b"), environ, log, tmp_path)
    until(lambda: "up" in log.read_text())
    assert child.poll() is None
    child.kill()
    assert child.wait(PATIENCE_S) == -signal.SIGKILL
