"""What each caller may do now: the rules of `topology.permissions`, by the project's file as it stands now.

A decision takes 0.1 ms of CPU, and depends on nothing but the project, what is asked and the minute; so it is made
once a minute for each person and action, and anew as soon as the file has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from streams.engine.clock import Clock
from streams.label.askers import nobody
from topology.permissions import Asked, Decision, Denial, Permissions
from topology.project import Project

_MINUTE_MS = 60_000
_JOB_DIGITS = 16
KEPT = 4_096
"""Decisions remembered in a minute, 300 bytes each: twelve actions of 340 people. More are made each time anew."""
NOBODY = Decision(allowed=False, rules=(), reason=Denial.NOT_PERMITTED)
"""While the project's file can't be read."""
CurrentProject = Callable[[], Project | None]
"""The project as its file has it now; None while that can't be read."""


class Gate:
    """Used from one event loop. `revoked`: who may do nothing any more; asked at each decision."""

    def __init__(self, project: CurrentProject, clock: Clock, revoked: Callable[[str], bool] = nobody) -> None:
        self._project = project
        self._revoked = revoked
        self._clock = clock
        self._permissions: Permissions | None = None
        self._minute = -1
        self._known: dict[Asked, Decision] = {}

    def project(self) -> Project | None:
        """The project whose rules hold now."""
        found = self._current()
        return found.project if found else None

    def client(self, issuer: str) -> str:
        """What somebody calls with, for the audit: `browser`, `app triage-ui`, `operator olga`."""
        found = self._current()
        return f"{found.client(issuer).value} {issuer}".rstrip() if found else issuer

    def job(self) -> str:
        """The labeling job that holds now, for the audit: digits of its hash."""
        project = self.project()
        return project.job.hash[:_JOB_DIGITS] if project and project.job else ""

    def decide(self, asked: Asked) -> Decision:
        """Whether it is allowed now."""
        permissions, now = self._current(), self._clock.now()
        if permissions is None:
            return NOBODY
        if now // _MINUTE_MS != self._minute:
            self._minute, self._known = now // _MINUTE_MS, {}
        if self._revoked(asked.person) or self._revoked(asked.issuer):
            asked = replace(asked, revoked=True)
        known = self._known.get(asked)
        if known is None:
            known = permissions.decide(asked, now)
            if len(self._known) < KEPT:
                self._known[asked] = known
        return known

    def _current(self) -> Permissions | None:
        project = self._project()
        if project is None:
            self._permissions, self._known = None, {}
        elif self._permissions is None or self._permissions.project is not project:
            self._permissions, self._known = Permissions(project), {}
        return self._permissions
