"""How an installation stands, seen from outside: from its state files, its processes, and what they say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil

from deploy.local.stack import STATE_FILE, require_no_cluster
from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.lock import root_owner
from deploy.supervise.state import PROCESSES, ProcessStatus, read_state
from deploy.surroundings import project_folders
from deploy.up.addresses import read_addresses
from deploy.up.figures import NONE, Figures, figures
from schemas.errors import ConfigError
from schemas.tls import NOBODY
from topology.plain_yaml import compose, construct
from topology.reading import read_text

HEALTH_LIMIT_S = 2.0  # an answer takes 2 ms; a stage that is busy with a batch still answers, on its own thread
WELL = ("working", "standing by")
RUNNING = "running"
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Seen:
    """One part or process. `condition` is its own word for how it is; for a part, whether it runs."""

    name: str
    kind: str
    state: str
    condition: str
    why: str
    pid: int | None
    restarts: int
    memory_bytes: int | None
    log_file: str
    health_url: str | None = None
    api_url: str | None = None
    figures: Figures = NONE

    @property
    def well(self) -> bool:
        """It runs, and works as far as it says."""
        return self.state == RUNNING and self.condition in (*WELL, RUNNING)


@dataclass(frozen=True, slots=True)
class Picture:
    """`owner` is the process that holds everything; None where nothing runs. `not_started`: projects whose file
    lies under the root, and of which there is no process.
    """

    root: Path
    owner: int | None
    seen: tuple[Seen, ...]
    not_started: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Everything runs and works. Parts alone don't: they are there before what is applied to them."""
        return self.owner is not None and self.has_processes and all(one.well for one in self.seen)

    @property
    def has_processes(self) -> bool:
        """Whether any has been started."""
        return any(one.kind == "process" for one in self.seen)


def look(root: Path) -> Picture:
    """Blocks for the slowest process: two answers, of which each may take 2 s. Raises StackError where a cluster
    in containers has it.
    """
    require_no_cluster(root)
    owner = root_owner(root)
    parts, processes = read_state(root, STATE_FILE), read_state(root, PROCESSES)
    api = {address.process: address.api_url for address in read_addresses(root)}
    with ThreadPoolExecutor(max_workers=max(1, len(processes))) as pool:
        seen = [_part(status) for status in parts]
        seen += pool.map(lambda status: _process(status, api.get(status.name)), processes)
    started = {status.name.split(".")[1] for status in processes}
    own = {_project_in(file) for folder in project_folders(root) for file in folder.glob("*.yaml")}
    return Picture(root, owner.pid if owner else None, tuple(seen), tuple(sorted(own - started)))


def _project_in(file: Path) -> str:
    """The project's name. Of a file that can't be read, the file's: what is wrong with it `veil up` says."""
    try:
        root = compose(read_text(file), str(file))
        match construct(root, str(file)) if root else None:
            case {"name": str(name)}:
                return name
    except ConfigError:
        pass
    return file.stem


def _part(status: ProcessStatus) -> Seen:
    state = _state(status)
    return _seen(status, "part", state, state, _last_end(status), None)


def _process(status: ProcessStatus, api_url: str | None) -> Seen:
    state = _state(status)
    if state != RUNNING:
        return _seen(status, "process", state, state, _last_end(status), api_url)
    condition, why = _ask(status.health_url)
    said = NONE if condition == UNREACHABLE else _figures(status.health_url)
    return replace(_seen(status, "process", state, condition, why, api_url), figures=said)


def _seen(status: ProcessStatus, kind: str, state: str, condition: str, why: str, api_url: str | None) -> Seen:
    pid = status.pid if state == RUNNING else None
    memory, log = _memory(status), status.log_file
    health, restarts = status.health_url, status.restarts
    return Seen(status.name, kind, state, condition, why, pid, restarts, memory, log, health, api_url)


def _state(status: ProcessStatus) -> str:
    """The file may be older than a crash of whoever wrote it."""
    if status.pid is not None and not status.alive():
        return "gone"
    return status.phase.value


def _last_end(status: ProcessStatus) -> str:
    return "" if status.last_exit is None else f"last ended with exit code {status.last_exit}"


def _memory(status: ProcessStatus) -> int | None:
    if status.pid is None or status.started is None:
        return None
    process = ProcessIdentity(status.pid, status.started).find()
    try:
        return process.memory_info().rss if process else None
    except psutil.Error:
        return None


def _ask(url: str | None) -> tuple[str, str]:
    if url is None:
        return RUNNING, ""
    try:
        said = httpx.get(url, timeout=HEALTH_LIMIT_S, trust_env=False, verify=NOBODY).json()
        return str(said["condition"]), str(said["why"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return UNREACHABLE, "its health address does not answer"


def _figures(health_url: str | None) -> Figures:
    if health_url is None:
        return NONE
    try:
        metrics = health_url.replace("/healthz", "/metrics")
        return figures(httpx.get(metrics, timeout=HEALTH_LIMIT_S, trust_env=False, verify=NOBODY).text)
    except (httpx.HTTPError, ValueError):
        return NONE
