"""Where in a Label Studio a bridge shows its tasks, and where it looks for what lies there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from deploy.bridge import trust
from deploy.bridge.server import Project, Server, StudioUnavailable, object_of
from deploy.bridge.settings import HASHED, MAX_TITLE, MIN_TITLE, MOST_PAGES, MOST_TASKS, PAGE
from deploy.bridge.shown import Json
from schemas.errors import ConfigError
from streams.label.forms import LabelsView
from streams.label.studio.writing import configuration

_LEAVE = "Leave the line above: the bridge finds by it what it has put here."


class StudioProjects:
    """A `Studio`: what is shown goes into the project of that title, in which the bridge is alone; where that one
    asks for other labels, into another, since a page that is open may keep those. They are made when they are
    checked.

    `mark` says whose bridge it is: a line of the description of each that a bridge has made. What lies in one of
    that mark is found whatever it is called by now, and in any of that title.
    """

    def __init__(self, server: Server, mark: str, title: str, fields: Sequence[str]) -> None:
        self._server = server
        self._mark = mark
        self._title = title
        self._fields = fields
        self._numbers: list[int] = []
        """Where what lies there is looked for."""
        self._into = 0
        """Where what is shown goes."""

    def tasks(self) -> Sequence[object]:
        """All of their tasks with their annotations."""
        if not self._numbers:
            self._ours()
        return [task for number in self._numbers for task in self._tasks_of(number)]

    def check(self, labels: LabelsView) -> str:
        """The title of the project for tasks with these labels. Raises ConfigError where no text may go there."""
        if not MIN_TITLE <= len(self._title) <= MAX_TITLE:
            raise ConfigError(
                f"a title of Label Studio's has {MIN_TITLE} to {MAX_TITLE} characters; give another --title"
            )
        trust.check_analytics(self._server.sign_in_page())
        there = self._one(configuration(self._fields, labels))
        number = self._into = there.number
        hooks = self._server.listed("/api/webhooks/")
        trust.check_alone(
            [it for it in hooks if it.get("project") in (None, number)],
            self._server.listed("/api/ml/", {"project": number}),
            self._server.listed("/api/storages/export", {"project": number}),
        )
        if self._page(number, 1)[1] > MOST_TASKS:
            raise ConfigError(f"Label Studio: its project has more than {MOST_TASKS:,} tasks; it is ours alone")
        return there.title

    def check_asked(self, number: int, labels: LabelsView) -> None:
        """Raise ConfigError where the project of this task asks for other labels than these."""
        trust.check_configuration(self._server.project_of(number).asks, configuration(self._fields, labels))

    def show(self, task: Json) -> None:
        """Put a task there."""
        self._server.call("POST", "/api/tasks/", body=task | {"project": self._into})

    def remove(self, number: int) -> None:
        """Take a task out with all that was made of it; nothing where it is gone."""
        self._server.call("DELETE", f"/api/tasks/{number}/", missing_is_fine=True)

    def last_activity(self, account: int) -> str:
        """When that account last did something in its page: what it sent by a token, or only read, is none."""
        last = object_of(self._server.call("GET", f"/api/users/{account}/")).get("last_activity")
        return last if isinstance(last, str) else ""

    def _one(self, asked: str) -> Project:
        ours = self._ours()
        first = self._titled(ours, self._title, asked)
        if trust.asks_the_same(first.asks, asked):
            return first
        other = self._titled(ours, _beside(self._title, asked), asked)
        trust.check_configuration(other.asks, asked)
        return other

    def _titled(self, ours: Sequence[Project], title: str, asked: str) -> Project:
        """Ours of that title; a new one where there is none."""
        titled = [it for it in ours if it.title == title]
        if len(titled) > 1:
            raise ConfigError("Label Studio: has several projects of that title; rename them, or give a --title")
        return titled[0] if titled else self._new(title, asked)

    def _ours(self) -> list[Project]:
        found = [
            it
            for it in self._server.projects()
            if it.title == self._title or self._mark in it.description.splitlines()
        ]
        self._numbers = [it.number for it in found]
        return found

    def _new(self, title: str, asked: str) -> Project:
        made = self._server.new_project(title, f"{self._mark}\n{_LEAVE}", asked)
        self._numbers.append(made.number)
        return made

    def _tasks_of(self, project: int) -> list[object]:
        found: list[object] = []
        for at in range(1, MOST_PAGES + 1):
            page, total = self._page(project, at)
            found += page
            if not page or len(found) >= total:
                break
        return found

    def _page(self, project: int, at: int) -> tuple[list[object], int]:
        """Tasks, and how many there are in all; none where the project is gone."""
        query: dict[str, str | int] = {"project": project, "fields": "all", "page": at, "page_size": PAGE}
        answer = self._server.call("GET", "/api/tasks/", query=query, missing_is_fine=True)
        if answer is None:
            return [], 0
        tasks, total = object_of(answer).get("tasks"), object_of(answer).get("total")
        if not isinstance(tasks, list) or not isinstance(total, int):
            raise StudioUnavailable("Label Studio: does not list the tasks of its project; which version is it?")
        return tasks, total


def _beside(title: str, asked: str) -> str:
    """The title of a project beside the first one, which asks for something else."""
    behind = f" · {hashlib.sha256(asked.encode()).hexdigest()[:HASHED]}"
    return title[: MAX_TITLE - len(behind)] + behind
