"""A project as its file has it now: read again whenever that changes, so that a revocation takes effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from deploy.surroundings import project_folders
from schemas.errors import ConfigError
from streams.engine.clock import Clock
from topology.loading import load_topology
from topology.project import Project

log = structlog.get_logger()
Stamp = tuple[tuple[str, int, int], ...]
LOOK_MS = 500
"""How often files are looked at: a look takes 30 µs, and every call asks."""


class CurrentProject:
    """Reads the project by `load` when files in `folders` have changed; `declared` is it as it was at the start.

    Called from one thread at a time.
    """

    def __init__(
        self, declared: Project, folders: Callable[[], list[Path]], load: Callable[[], Project], clock: Clock
    ) -> None:
        self._folders = folders
        self._load = load
        self._clock = clock
        self._looked_s: float | None = None
        self._stamp: Stamp | None = None
        self._project: Project | None = None
        self._last = declared

    def __call__(self) -> Project | None:
        """The project, or None while the files can't be read or don't declare it: nobody may do anything."""
        now_s = self._clock.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= LOOK_MS / 1000:
            self._looked_s = now_s
            self._look()
        return self._project

    def last(self) -> Project:
        """The project as it could be read last: for what gives nobody a right, such as names of batches."""
        self._last = self() or self._last
        return self._last

    def _look(self) -> None:
        stamp = _stamp(self._folders())
        if stamp != self._stamp:
            self._stamp, self._project = stamp, self._loaded()

    def _loaded(self) -> Project | None:
        try:
            return self._load()
        except ConfigError as error:
            log.warning("project_unreadable", why=str(error))
            return None


def current_project(root: Path, declared: Project, clock: Clock) -> CurrentProject:
    """Of the user's own files where these are read with the project. Where they don't know it, as declared at the
    start: it is of elsewhere. Raises ConfigError for a file that can't be read.
    """
    name = declared.name

    def load() -> Project:
        return load_topology(extra_projects=project_folders(root)).project(name)

    folders = project_folders(root)
    if not folders or name not in load_topology(extra_projects=folders).projects:
        return CurrentProject(declared, list, lambda: declared, clock)
    return CurrentProject(declared, lambda: project_folders(root), load, clock)


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
