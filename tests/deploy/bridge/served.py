"""A Label Studio behind HTTP, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from deploy.bridge.server import Server

OFF = "window.APP_SETTINGS.collect_analytics = false;"
LEGACY = "legacy"


def server(answer: Callable[[httpx.Request], httpx.Response], token: str = LEGACY) -> Server:
    """Whatever is asked, `answer` answers."""
    return Server("http://127.0.0.1:1", token, transport=httpx.MockTransport(answer))


class Served:
    """What it holds: projects and tasks by number."""

    def __init__(self) -> None:
        self.projects: dict[int, dict[str, Any]] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self._made = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind, _, number = request.url.path.removeprefix("/api/").strip("/").partition("/")
        if request.method == "POST":
            return self._make(kind, json.loads(request.content))
        if request.method == "DELETE":
            del self.tasks[int(number)]
            return httpx.Response(204)
        if kind == "user":
            return httpx.Response(200, text=OFF)
        return httpx.Response(200, json=self._asked(kind, number, request.url.params))

    def annotate(self, task: int, by: int) -> None:
        """Nothing to mark, says somebody."""
        given = {"id": 1, "completed_by": by, "updated_by": by, "result": []}
        self.tasks[task]["annotations"].append(given)

    def _asked(self, kind: str, number: str, query: httpx.QueryParams) -> object:
        if kind not in ("projects", "tasks"):
            return []
        held = getattr(self, kind)
        if number:
            return {"id": int(number), **held[int(number)]}
        found = [{"id": at, **it} for at, it in held.items() if it.get("project") == _number(query.get("project"))]
        return {"next": None, "results": found, "tasks": found, "total": len(found)}

    def _make(self, kind: str, made: dict[str, Any]) -> httpx.Response:
        self._made += 1
        getattr(self, kind)[self._made] = made | {"annotations": []}
        return httpx.Response(201, json={"id": self._made, **made})


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
