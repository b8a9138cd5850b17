"""The local stack: Kafka, OpenBao and Apicurio, started side by side, watched, and stopped without a trace."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from deploy.local.assembly import Assembler, Assembly
from deploy.local.disk import explained
from deploy.local.endpoints import Endpoints, read_external, save_endpoints
from deploy.local.layout import Layout
from deploy.local.part import Part
from deploy.local.ports import require_free
from deploy.local.processes import Processes
from deploy.local.renewal import Renewal, renewing
from deploy.local.rotation import Rotation
from deploy.local.runner import Runner
from deploy.progress import Report
from deploy.supervise.identity import end_leftover
from deploy.supervise.journal import Journal
from deploy.supervise.lock import RootLock
from deploy.supervise.state import ProcessStatus
from deploy.supervise.supervisor import ProcessSpec, Supervisor
from schemas.errors import StackError

PROBE_INTERVAL_S = 0.05  # a probe costs 2 ms, and only while a part starts
STOP_LIMIT_S = 20.0  # Kafka flushes and closes its segments in 1 s when idle
STATE_FILE = "stack.json"
CLUSTER_MARK = "cluster.env"
"""What a cluster in containers leaves in its root: secrets there have the same names, and must not be made anew.
"""
RESTORING_MARK = "restoring"
"""A restore that has not come to its end, or that does not hold."""
VAULT = "vault"


def require_no_cluster(root: Path) -> None:
    """Raises StackError where it is the root of a cluster in containers, of which nobody here knows what runs."""
    if (root / CLUSTER_MARK).exists():
        raise StackError(
            f"{root} is the root of a cluster in containers (`python -m deploy.compose`); choose another one."
        )


class LocalStack:
    """Owns the parts under `root`: they end with it, however it ends. Used by one thread at a time.

    A part that dies by itself is started again on its data, with backoff. What `environ` (`os.environ` unless
    given) configures as external is neither started nor stopped. `report` gets a line about each step,
    `renewed` the names of certificates that were changed while the parts ran (`deploy.local.renewal`), in a thread
    of its own. `restoring` is who fills one that bears RESTORING_MARK; nobody else starts that.
    """

    runner: ClassVar[Runner] = Processes()
    """How the parts of all stacks of this process are run."""

    def __init__(
        self,
        root: Path,
        *,
        environ: Mapping[str, str] | None = None,
        report: Report = lambda _: None,
        renewed: Callable[[Sequence[str]], None] = lambda _: None,
        restoring: bool = False,
    ) -> None:
        self.root = root.absolute()
        self.ready_after: dict[str, float] = {}
        """Seconds that each part took to get ready at its last start; downloads not counted."""
        self._environ = os.environ if environ is None else environ
        self._report = report
        self._restoring = restoring
        self._lock = RootLock(self.root)
        self._layout = Layout(self.root)
        self._assembly: Assembly | None = None
        self._supervisor = Supervisor(self.root, [])
        self._giving_up = threading.Event()
        self._rotation: Rotation | None = None
        self._renewed = renewed
        self._renewal: Renewal | None = None

    @property
    def endpoints(self) -> Endpoints:
        return self._assembled().endpoints

    def start(self) -> Endpoints:
        """Bring every part up; returns when all serve.

        Raises StackError or ConfigError, one sentence each (exit code 2); then nothing is left running.
        """
        external = read_external(self._environ)
        with explained(self.root):
            Layout.create(self.root)
            self._lock.acquire()
            try:
                require_no_cluster(self.root)
                if (self.root / RESTORING_MARK).exists() and not self._restoring:
                    raise StackError(
                        f"{self.root} was to be restored, and was not, or does not hold: what has ended may be "
                        "open there; restore into another folder."
                    )
                self._assembly = self._assembler().assemble(self._layout, external)
                self._bring_all_up(self._assembly)
                save_endpoints(self._layout.run / "endpoints.json", self.endpoints)
                self._rotate()
                self._keep_certificates()
            except BaseException:  # Ctrl-C too
                self.stop()
                raise
        return self.endpoints

    def stop(self) -> None:
        """SIGTERM to every part, SIGKILL to what doesn't end by it; none is left. May be called again."""
        self._giving_up.set()
        for looking in (self._rotation, self._renewal):
            if looking is not None:
                looking.stop()
        self._supervisor.stop(STOP_LIMIT_S)
        self._lock.release()

    def kill(self, part: str) -> None:
        """SIGKILL without warning; the part stays down until `restart`. For fault tests."""
        self._own(part)
        self._supervisor.kill(part)

    def restart(self, part: str) -> None:
        """Start a part again on its data and wait until it serves; if it runs, it is ended in order first."""
        own = self._own(part)
        self._supervisor.end(part, STOP_LIMIT_S)
        with explained(self.root):
            self._bring_up(own)

    def alive(self, part: str) -> bool:
        """Whether the part's process runs; says nothing about its health."""
        self._own(part)
        return self._supervisor.status(part).alive()

    def statuses(self) -> tuple[ProcessStatus, ...]:
        """Those of our parts; other processes get them from `read_state(root, STATE_FILE)`."""
        return self._supervisor.statuses()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _rotate(self) -> None:
        """Nobody else rotates the audit log of our Vault; that of an external one is its operator's."""
        path = self.endpoints.vault.audit_log
        if path is not None:
            self._rotation = Rotation(path, partial(self._supervisor.hang_up, VAULT))
            self._rotation.start()

    def _keep_certificates(self) -> None:
        """Ours alone: those of external parts are their operator's."""
        journal = Journal(self._layout.logs / "supervisor.jsonl", time.time)
        ended = threading.Event()
        self._renewal = Renewal(
            renewing(self._layout, self._assembled().ports, self.endpoints, self.statuses, ended.wait),
            lambda: datetime.now(UTC),
            self._renewed,
            lambda why: journal.note("certificates.refused", why=why),
            ended,
        )
        self._renewal.start()

    def _assembler(self) -> Assembler:
        return Assembler(
            self.runner, self._environ, self._report, random.SystemRandom(), lambda: datetime.now(UTC)
        )

    def _assembled(self) -> Assembly:
        if self._assembly is None:
            raise StackError(f"The stack of {self.root} has not been started.")
        return self._assembly

    def _own(self, name: str) -> Part:
        for part in self._assembled().parts:
            if part.name == name:
                return part
        raise StackError(f"{name} is not run by this stack: it is external, or no part has that name.")

    def _bring_all_up(self, assembly: Assembly) -> None:
        """All at once; the first failure ends the waiting for the others."""
        self._giving_up.clear()
        specs = [self._spec(part) for part in assembly.parts]
        self._supervisor = Supervisor(self.root, specs, state_file=STATE_FILE)
        with ThreadPoolExecutor(max_workers=max(1, len(assembly.parts))) as pool:
            try:
                for done in as_completed([pool.submit(self._bring_up, part) for part in assembly.parts]):
                    done.result()
            except BaseException:
                self._giving_up.set()
                raise

    def _bring_up(self, part: Part) -> None:
        end_leftover(self._layout.run / f"{part.name}.pid")
        require_free(self._assembled().ports, part.name)
        begun = time.monotonic()
        part.prepare()
        self._supervisor.begin(part.name)
        self._await(part, begun + part.ready_within_s)
        self.ready_after[part.name] = time.monotonic() - begun
        self._report(f"{part.name} ready after {self.ready_after[part.name]:.1f} s")

    def _await(self, part: Part, deadline: float) -> None:
        log = self._layout.log(part.name)
        while not part.ready():
            code = self._supervisor.status(part.name).last_exit
            if code is not None:
                raise StackError(f"{part.name} ended while starting (exit code {code}); {log} says why.")
            if time.monotonic() > deadline:
                raise StackError(f"{part.name} was not ready in {part.ready_within_s:.0f} s; see {log}.")
            if self._giving_up.wait(PROBE_INTERVAL_S):
                raise StackError(f"The start of {part.name} was given up.")

    def _spec(self, part: Part) -> ProcessSpec:
        command = part.command()
        return ProcessSpec(
            part.name,
            command.argv,
            command.env,
            self._layout.log(part.name),
            cwd=command.cwd,
            spawner=self.runner.spawner(part.name, self.root),
        )
