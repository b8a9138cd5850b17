"""Who has which duty in a project now: its file is read whenever it changes, so that a revocation takes effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from schemas.errors import ConfigError
from topology.project import Persons

log = structlog.get_logger()
Stamp = tuple[tuple[str, int, int], ...]


class CurrentPersons:
    """Reads the persons by `load` when files in `folders` have changed. Called from one thread."""

    def __init__(self, folders: Callable[[], list[Path]], load: Callable[[], Persons]) -> None:
        self._folders = folders
        self._load = load
        self._stamp: Stamp | None = None
        self._persons: Persons | None = None

    def __call__(self) -> Persons | None:
        """The persons, or None while the files can't be read or don't declare the project: nobody has duties."""
        stamp = stamp_of(self._folders())
        if stamp != self._stamp:
            self._stamp, self._persons = stamp, self._loaded()
        return self._persons

    def _loaded(self) -> Persons | None:
        try:
            return self._load()
        except ConfigError as error:
            log.warning("persons_unreadable", why=str(error))
            return None


def stamp_of(folders: list[Path]) -> Stamp:
    """Name, time of change and size of each project file."""
    found = []
    for path in (one for folder in folders for one in folder.glob("*.yaml")):
        try:
            status = path.stat()
        except OSError:  # gone since the listing
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))
