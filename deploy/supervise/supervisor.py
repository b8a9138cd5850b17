"""Runs a list of processes: starts them in order, restarts what ends, stops them all at once."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.supervise import restarts
from deploy.supervise.bounded import Bounded
from deploy.supervise.files import make_private_folder
from deploy.supervise.identity import ProcessIdentity, end_leftover, write_identity
from deploy.supervise.journal import Journal
from deploy.supervise.restarts import Course, Phase, RestartRule
from deploy.supervise.spawn import NURSERY, Running, Spawner
from deploy.supervise.state import PROCESSES, ProcessStatus, write_state
from schemas.errors import StackError
from schemas.tls import NOBODY

# A processor commits or aborts its transaction on SIGTERM; its transaction timeout of 15 s bounds nothing useful
# here, 10 s is what a commit to a slow broker and the release of its leases took at worst.
STOP_LIMIT_S = 10.0
# How often a health URL is asked while waiting for the first "well"; nobody asks afterwards.
HEALTH_INTERVAL_S = 0.2
HEALTH_LIMIT_S = 2.0

# What a shell reports for a program it couldn't run; stands for a fork that failed.
NOT_STARTED = 127


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process to run. `argv[0]` is an absolute path; `env` is the whole environment, never printed.

    `hand` makes, at each start, what the process finds in its standard input; where it raises StackError, the
    process is not started yet. `ended` is told each exit code. `spawner` starts it.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    log_file: Path
    health_url: str | None = None
    cwd: Path = Path("/")
    hand: Callable[[], bytes] = field(default=lambda: b"", repr=False)
    ended: Callable[[int], None] = field(default=lambda _: None, repr=False)
    spawner: Spawner = NURSERY


class Supervisor:
    """Owns its processes: they die with it, even by SIGKILL. Thread-safe; idle it looks how large logs are.

    Each process has a thread that blocks in waitpid. A health URL is asked only by `unready`: a process that
    is well but waits for Vault must not be restarted for it.
    """

    def __init__(
        self,
        root: Path,
        specs: Sequence[ProcessSpec],
        *,
        rule: RestartRule | None = None,
        state_file: str = PROCESSES,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._state_file = state_file
        journal = root / "logs" / "supervisor.jsonl"
        self._journal = Journal(journal, wall_clock)
        self._bounded = Bounded([journal, *(spec.log_file for spec in specs)])
        self._changed = threading.RLock()
        context = _Context(root, rule or RestartRule(), clock, self._journal, self._publish)
        self._wards = {spec.name: _Ward(spec, context) for spec in specs}

    def start(self) -> None:
        """Start every process, in the order given; returns without waiting for their health."""
        for name in self._wards:
            self.begin(name)

    def stop(self, limit_s: float = STOP_LIMIT_S) -> None:
        """End all at once, as `end` does; none is left when this returns. May be called again.

        One after the other, each of those that can't commit where Kafka is gone would take the whole limit: with
        fifteen processes, longer than `veil down` waits.
        """
        with ThreadPoolExecutor(max_workers=max(1, len(self._wards))) as pool:
            for done in [pool.submit(self.end, name, limit_s) for name in self._wards]:
                done.result()
        self._bounded.stop()

    def begin(self, name: str) -> None:
        """Start one process, which must not be running, and keep it running. Raises StackError."""
        make_private_folder(self._root / "run")
        make_private_folder(self._root / "logs")
        self._bounded.start()
        self._wards[name].begin()

    def end(self, name: str, limit_s: float = STOP_LIMIT_S) -> None:
        """SIGTERM, then SIGKILL after `limit_s`; it stays down until `begin`. Does nothing if it is down."""
        self._wards[name].end(signal.SIGTERM, limit_s)

    def kill(self, name: str) -> None:
        """SIGKILL at once; it stays down until `begin`."""
        self._wards[name].end(signal.SIGKILL, STOP_LIMIT_S)

    def hang_up(self, name: str) -> None:
        """SIGHUP, by which programs open their log anew; nothing where it is down."""
        self._wards[name].send(signal.SIGHUP)

    def status(self, name: str) -> ProcessStatus:
        return self._wards[name].status()

    def statuses(self) -> tuple[ProcessStatus, ...]:
        """In the order given at the start."""
        return tuple(ward.status() for ward in self._wards.values())

    def unready(self, within_s: float) -> ProcessStatus | None:
        """Block until every process with a health URL says 200, and return None; or the first one that is late."""
        deadline = time.monotonic() + within_s
        with httpx.Client(timeout=HEALTH_LIMIT_S, trust_env=False, verify=NOBODY) as client:
            for ward in self._wards.values():
                while not ward.healthy(client):
                    if time.monotonic() > deadline:
                        return ward.status()
                    ward.pause(HEALTH_INTERVAL_S)
        return None

    def _publish(self) -> None:
        # On a full disk the state file goes stale; the processes must go on being watched all the same.
        with self._changed, contextlib.suppress(OSError):
            write_state(self._root, self.statuses(), self._state_file)


@dataclass(frozen=True, slots=True)
class _Context:
    root: Path
    rule: RestartRule
    clock: Callable[[], float]
    journal: Journal
    publish: Callable[[], None]


class _Ward:
    """One process and, while it is to run, the thread that waits for its ends."""

    def __init__(self, spec: ProcessSpec, context: _Context) -> None:
        self.spec = spec
        self._context = context
        self._guard = threading.Lock()  # over the four below
        self._course = Course()
        self._child: Running | None = None
        self._identity: ProcessIdentity | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        end_leftover(self._pid_file)
        self._stopping.clear()
        self._course = Course()
        self._launch()
        self._thread = threading.Thread(target=self._watch, name=f"watch {self.spec.name}", daemon=True)
        self._thread.start()

    def end(self, how: signal.Signals, limit_s: float) -> None:
        with self._guard:
            self._course = restarts.stopped(self._course)
            self._stopping.set()
            if self._child is not None:
                self._child.send_signal(how)
        if self._thread is not None:
            self._thread.join(limit_s)
            self._kill_if_late(self._thread, limit_s)
            self._thread = None
            self._context.publish()

    def send(self, what: signal.Signals) -> None:
        with self._guard:
            if self._child is not None:
                self._child.send_signal(what)

    def status(self) -> ProcessStatus:
        with self._guard:
            running = self._identity
            return ProcessStatus(
                name=self.spec.name,
                phase=self._course.phase,
                pid=running.pid if running else None,
                started=running.started if running else None,
                restarts=self._course.restarts,
                last_exit=self._course.last_exit,
                log_file=str(self.spec.log_file),
                health_url=self.spec.health_url,
            )

    def healthy(self, client: httpx.Client) -> bool:
        if self.spec.health_url is None:
            return True
        try:
            return client.get(self.spec.health_url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    @property
    def _pid_file(self) -> Path:
        return self._context.root / "run" / f"{self.spec.name}.pid"

    def _launch(self) -> None:
        """Fork and note who it is; does nothing once the process was told to stop."""
        handed = b"" if self._course.phase is Phase.STOPPED else self.spec.hand()
        with self._guard:
            if self._course.phase is Phase.STOPPED:
                return
            spec = self.spec
            self._child = spec.spawner.spawn(spec.argv, spec.env, spec.log_file, spec.cwd, handed)
            self._identity = ProcessIdentity.of(self._child.pid)
            self._course = restarts.started(self._course, self._context.clock())
            if self._identity is not None:
                with contextlib.suppress(OSError):  # as the state file: it runs, and is watched all the same
                    write_identity(self._pid_file, self._identity)
        self._context.journal.note("process.started", process=spec.name, pid=self._child.pid)
        self._context.publish()

    def _watch(self) -> None:
        while True:
            self._note_exit(self._child.wait() if self._child is not None else NOT_STARTED)
            if self._stopping.wait(max(0.0, self._course.due_at - self._context.clock())):
                return
            with contextlib.suppress(StackError, OSError):  # noted as an exit, tried again after a longer wait
                self._launch()
            if self._course.phase is Phase.STOPPED and self._child is None:
                return

    def _note_exit(self, code: int) -> None:
        with self._guard:
            self._child, self._identity = None, None
            self._course = restarts.exited(self._course, self._context.rule, code, self._context.clock())
            with contextlib.suppress(OSError):
                self._pid_file.unlink(missing_ok=True)
        self._context.journal.note("process.ended", process=self.spec.name, code=code)
        self.spec.ended(code)
        self._context.publish()

    def _kill_if_late(self, thread: threading.Thread, limit_s: float) -> None:
        child = self._child
        if thread.is_alive() and child is not None:
            self._context.journal.note("process.killed", process=self.spec.name, waited_s=limit_s)
            child.kill()
        thread.join()
