"""A project as its file declares it now: read again within a second of a change, by stages that run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.signin.current_persons import stamp_of
from deploy.surroundings import Surroundings, project_folders
from schemas.errors import ConfigError
from topology.loading import load_topology
from topology.project import Project

LOOK_EVERY_MS = 1_000
"""Looking at the files' times costs 50 µs; a lease asks several times."""


class CurrentProject:
    """What was read last holds while a file can't be read: nothing here gives a right. Called from one thread."""

    def __init__(
        self, declared: Project, folders: list[Path], load: Callable[[], Project], now: Callable[[], int]
    ) -> None:
        self._project = declared
        self._folders = folders
        self._load = load
        self._now = now
        self._looked_at = 0
        self._stamp = stamp_of(folders)

    def __call__(self) -> Project:
        """The project."""
        now = self._now()
        if self._folders and now - self._looked_at >= LOOK_EVERY_MS:
            self._looked_at = now
            self._look()
        return self._project

    def _look(self) -> None:
        stamp = stamp_of(self._folders)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._project = self._load()
        except ConfigError:  # `current_persons` says so, and lets nobody sign in
            return


def current_project(around: Surroundings) -> CurrentProject:
    """The process's own project. One that the root's files don't declare stays as it was declared at the start."""
    declared = around.topology.project(around.project)

    def load() -> Project:
        found = load_topology(extra_projects=project_folders(around.root)).projects
        return found.get(around.project, declared)

    return CurrentProject(declared, project_folders(around.root), load, around.clock.now)
