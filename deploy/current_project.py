"""A project as its file has it now: read again whenever that changes, so that a revocation takes effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from deploy.surroundings import Surroundings, project_folders
from schemas.errors import ConfigError
from streams.engine.clock import Clock
from topology.job_document import with_job
from topology.loading import load_topology
from topology.project import Project
from topology.signed_policies import PolicyRecord

log = structlog.get_logger()
Stamp = tuple[tuple[str, int, int], ...]
LOOK_MS = 500
"""How often files are looked at: a look takes 30 µs, and every call asks."""


class CurrentProject:
    """Reads the project by `load` when files in `folders` have changed. Called from one thread at a time."""

    def __init__(self, folders: Callable[[], list[Path]], load: Callable[[], Project], clock: Clock) -> None:
        self._folders = folders
        self._load = load
        self._clock = clock
        self._looked_s: float | None = None
        self._stamp: Stamp | None = None
        self._project: Project | None = None
        self._said = ""
        """Why it can't be read, as the log has it."""

    def __call__(self) -> Project | None:
        """The project, or None while the files can't be read or don't declare it: nobody may do anything."""
        now_s = self._clock.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= LOOK_MS / 1000:
            self._looked_s = now_s
            self._look()
        return self._project

    def _look(self) -> None:
        stamp = _stamp(self._folders())
        if stamp != self._stamp:
            self._project = self._loaded()
            self._stamp = stamp if self._project is not None else None  # a disk that is away may come back

    def _loaded(self) -> Project | None:
        try:
            project = self._load()
        except ConfigError as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("project_unreadable", why=self._said)
            return None
        self._said = ""
        return project


class Shared:
    """One reader for several threads: what one of them was let in by, the other knows."""

    def __init__(self, current: Callable[[], Project | None]) -> None:
        self._current = current
        self._lock = threading.Lock()

    def __call__(self) -> Project | None:
        """As the reader says."""
        with self._lock:
            return self._current()


class LastKnown:
    """The project as it could be read last: for what gives nobody a right, such as the names of batches.

    Called from one thread at a time.
    """

    def __init__(self, declared: Project, current: Callable[[], Project | None]) -> None:
        self._project = declared
        self._current = current

    def __call__(self) -> Project:
        """At first as it was declared at the start."""
        self._project = self._current() or self._project
        return self._project


class JobInForce:
    """The project with the labeling job that is signed, whatever its file says meanwhile; None while none is.
    Called from one thread at a time.
    """

    def __init__(self, project: Callable[[], Project | None], record: Callable[[], PolicyRecord | None]) -> None:
        self._file = project
        self._record = record
        self._made_of: tuple[Project | None, PolicyRecord | None] = (None, None)
        self._project: Project | None = None

    def __call__(self) -> Project | None:
        """Made anew when the file or the job in force is another one."""
        file, record = self._file(), self._record()
        if file is not self._made_of[0] or record is not self._made_of[1]:
            self._made_of = (file, record)
            self._project = self._made(file, record)
        return self._project

    def _made(self, file: Project | None, record: PolicyRecord | None) -> Project | None:
        if file is None or record is None:
            return None
        try:
            return with_job(file, record.body)
        except ConfigError as error:
            log.warning("job_unreadable", why=str(error))
            return None


def current_project(around: Surroundings) -> Callable[[], Project | None]:
    """The project of a process as its file stands now; with the signed job where the file it started with wants
    jobs signed. For one thread. Raises ConfigError for a file that can't be read.
    """
    declared, book = around.topology.project(around.project), around.book
    file = project_file(around.root, declared, around.clock)
    return file if declared.jobs is None else JobInForce(file, lambda: book.job_in_force(declared.name))


def project_file(root: Path, declared: Project, clock: Clock) -> Callable[[], Project | None]:
    """Of the user's own files where these are read with the project. Where they don't know it, as declared at the
    start: it is of elsewhere. Raises ConfigError for a file that can't be read.
    """
    name = declared.name

    def load() -> Project:
        return load_topology(extra_projects=project_folders(root)).project(name)

    folders = project_folders(root)
    if not folders or name not in load_topology(extra_projects=folders).projects:
        return lambda: declared
    return CurrentProject(lambda: project_folders(root), load, clock)


def _stamp(folders: list[Path]) -> Stamp:
    """Name, time of change and size of each project file."""
    found = []
    for path in (one for folder in folders for one in folder.glob("*.yaml")):
        try:
            status = path.stat()
        except OSError:  # gone since the listing
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
