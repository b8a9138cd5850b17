"""Everything of one root, started and stopped as one: what `veil up`, the demo, the bench and fault tests hold."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from deploy.local.endpoints import Endpoints
from deploy.local.ports import is_free
from deploy.local.stack import LocalStack
from deploy.progress import Report
from deploy.provision.parts import pins_path
from deploy.provisioning import apply_audited, say_certificates, say_enrolled
from deploy.signin.configuration import CONSOLE as CONSOLE_VARIABLES
from deploy.signin.configuration import read_listening, read_provider
from deploy.signin.offering import Offering
from deploy.stages.roles import PLATFORM_ROLES, platform_roles, roles_of
from deploy.starting import Starter
from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.state import ProcessStatus
from deploy.supervise.supervisor import Supervisor
from deploy.surroundings import project_folders
from deploy.traces.setting import read_traces
from deploy.up.addresses import CONSOLE, LABEL, Address, assign, candidates, read_addresses, write_addresses
from deploy.up.processes import slots_of, spec_of
from deploy.up.waiting import wait_healthy
from schemas.errors import ConfigError, StackError, VeilError
from topology.access import signed_in_policies
from topology.identity import PLATFORM
from topology.loading import Topology, load_topology

# Five Pythons importing side by side on two cores took 9 s; the registry may be the slow one on a first start.
HEALTHY_WITHIN_S = 120.0
STOP_LIMIT_S = 10.0


class Installation:
    """The stack, the topology applied to it, and one process for each slot, each under its own identity.

    Everything ends with this object's process, however that ends. Use it as a context manager, or `start` and
    `stop`. A process that ends by itself is started again, with backoff. Names of processes are slots
    (`redact.demo.0`, `label.demo.0`). `console`: with the compliance console. `report` gets a line about each
    step. One thread at a time.
    """

    def __init__(
        self,
        root: Path,
        projects: Sequence[str] = ("demo",),
        redact_processes: int = 1,
        standbys: int = 0,
        *,
        console: bool = False,
        environ: Mapping[str, str] | None = None,
        report: Report = lambda _: None,
    ) -> None:
        self.root = root.absolute()
        self.projects = tuple(dict.fromkeys(projects))
        self.addresses: tuple[Address, ...] = ()
        environ = os.environ if environ is None else environ
        self.stack = LocalStack(self.root, environ=environ, report=report, renewed=self._say_renewed)
        """The parts: `stack.kill("vault")`, `stack.restart("kafka")`, `stack.alive(…)`."""
        self._console = console
        self._listening = read_listening(environ)
        self._console_listening = read_listening(environ, CONSOLE_VARIABLES)
        self._provider = read_provider(environ)
        self._traces = read_traces(environ)
        self._signin = Offering(self.root, self._listening, self._provider, self._console_listening)
        self._redact_processes = redact_processes
        self._standbys = standbys
        self._report = report
        self._supervisor: Supervisor | None = None
        self._starter: Starter | None = None

    def start(self) -> Endpoints:
        """Bring everything up; returns when each process says it works. Raises StackError, ConfigError and what
        `apply_audited` raises; then nothing is left running.
        """
        topology = self._topology()
        endpoints = self.stack.start()
        try:
            self._apply(topology, endpoints)
            self._assign(topology, platform_roles(endpoints))
            self._offer_signin(topology, endpoints)
            self._start_processes(topology, endpoints)
        except BaseException:  # Ctrl-C too
            self.stop()
            raise
        return endpoints

    def stop(self) -> None:
        """End the processes, then the parts; none is left. May be called again."""
        try:
            self._signin.stop()
            if self._supervisor is not None:
                self._supervisor.stop(STOP_LIMIT_S)
            if self._starter is not None:
                self._starter.stop()
        finally:
            self.stack.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoints(self) -> Endpoints:
        """Where Kafka, Vault and registry are."""
        return self.stack.endpoints

    @property
    def processes(self) -> tuple[str, ...]:
        """Names of all processes, in the order data passes through them."""
        return tuple(address.process for address in self.addresses)

    def address(self, process: str) -> Address:
        """Where one is. Raises ConfigError for a name that is none."""
        for address in self.addresses:
            if address.process == process:
                return address
        raise ConfigError(f"no process {process}; there are: {', '.join(self.processes) or 'none'}")

    def label_url(self, project: str) -> str:
        """Base address of the project's label API, `http://127.0.0.1:<port>`."""
        for address in self.addresses:
            if address.role == LABEL and address.project == project and address.api_url:
                return address.api_url
        raise ConfigError(f"project {project} is not run here; run are: {', '.join(self.projects)}")

    def console_url(self) -> str:
        """Base address of the console. Raises ConfigError where it isn't run."""
        for address in self.addresses:
            if address.role == CONSOLE and address.api_url:
                return address.api_url
        raise ConfigError("the console is not run here")

    def statuses(self) -> tuple[ProcessStatus, ...]:
        """Those of our processes; of the parts: `stack.statuses()`."""
        return self._running().statuses()

    def status(self, process: str) -> ProcessStatus:
        """One process."""
        return self._running().status(process)

    def kill(self, process: str) -> int:
        """SIGKILL, as a crash would end it; it is started again by itself, after a backoff. The pid that died.

        Raises ConfigError where it is down already.
        """
        status = self.status(process)
        running = _identity(status)
        found = running.find() if running else None
        if found is None:
            raise ConfigError(f"{process} is not running")
        found.kill()
        return found.pid

    def end(self, process: str, limit_s: float = STOP_LIMIT_S) -> None:
        """SIGTERM (SIGKILL after `limit_s`); it stays down until `begin`."""
        self._running().end(process, limit_s)

    def kill_for_good(self, process: str) -> None:
        """SIGKILL; it stays down until `begin`."""
        self._running().kill(process)

    def begin(self, process: str) -> None:
        """Start one that `end` or `kill_for_good` has ended."""
        self._running().begin(process)

    def wait_healthy(self, timeout_s: float = HEALTHY_WITHIN_S) -> None:
        """Block until every process says it works. Raises StackError naming one that is late or keeps ending."""
        wait_healthy(self._running(), timeout_s)

    def memory(self) -> dict[str, int]:
        """Resident bytes of each part and process that runs, by name."""
        found = {}
        for status in (*self.stack.statuses(), *self.statuses()):
            identity = _identity(status)
            process = identity.find() if identity else None
            if process is not None:
                try:
                    found[status.name] = process.memory_info().rss
                except psutil.Error:  # it ended meanwhile
                    continue
        return found

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise ConfigError(f"nothing runs under {self.root}")
        return self._supervisor

    def _topology(self) -> Topology:
        """Checked before anything is started."""
        topology = load_topology(extra_projects=project_folders(self.root), pins=pins_path(self.root))
        for project in self.projects:
            topology.project(project)
        return topology

    def _apply(self, topology: Topology, endpoints: Endpoints) -> None:
        self._report("applying the topology")
        result = apply_audited(topology, endpoints, self.root)
        self._report(f"topology applied, changes: {len(result.changes)}")

    def _offer_signin(self, topology: Topology, endpoints: Endpoints) -> None:
        labels = [one for one in self.addresses if one.role == LABEL]
        console = next((one.api_port for one in self.addresses if one.role == CONSOLE), None)
        ports = {one.project: one.shared_port or one.api_port or 0 for one in labels}
        instances = {name: [one.api_port or 0 for one in labels if one.project == name] for name in self.projects}
        projects = {name: topology.project(name) for name in self.projects}
        rights = signed_in_policies(topology)
        offered = self._signin.start(projects, ports, endpoints.vault, instances, console, rights)
        if offered and self._provider is None:
            say_enrolled(self.root, endpoints, len(projects))
        self._report(f"people {'can' if offered else 'can not'} sign in with a browser")

    def _say_renewed(self, names: Sequence[str]) -> None:
        try:
            say_certificates(self.root, self.endpoints, len(names))
        except VeilError as error:
            raise StackError(f"{len(names)} certificates were renewed; the audit was not told: {error}") from error

    def _assign(self, topology: Topology, platform: Sequence[str] = PLATFORM_ROLES) -> None:
        known = {address.process: address for address in read_addresses(self.root)}
        roles = {name: roles_of(topology.project(name)) for name in self.projects} | {
            PLATFORM: (*platform, CONSOLE)
        }
        slots = [
            (identity, number)
            for identity, number in slots_of(
                self.projects, self._redact_processes, self._standbys, console=self._console
            )
            if identity.role in roles[identity.place]
        ]
        fresh = candidates(random.SystemRandom())
        bases = {LABEL: self._listening.base, CONSOLE: self._console_listening.base}
        self.addresses = assign(slots, known, fresh, is_free, bases)
        write_addresses(self.root, self.addresses)

    def _start_processes(self, topology: Topology, endpoints: Endpoints) -> None:
        self._starter = starter = Starter(self.root, endpoints, topology)
        self._supervisor = Supervisor(
            self.root, [spec_of(self.root, it, starter, self._traces) for it in self.addresses]
        )
        self._report(f"starting {len(self.addresses)} processes")
        self._supervisor.start()
        self.wait_healthy()
        self._report(f"{len(self.addresses)} processes work")


def _identity(status: ProcessStatus) -> ProcessIdentity | None:
    if status.pid is None or status.started is None:
        return None
    return ProcessIdentity(status.pid, status.started)
