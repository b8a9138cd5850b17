"""A real Label Studio with a folder of its own, of an environment that is made once and kept in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.bench.studio_server import Owner, served
from deploy.local.layout import cache_folder
from tests.support.waiting import wait_for

LOCK = Path(__file__).with_name("label_studio.lock")
OWNER, PASSWORD = "bridge@example.org", "a kettle of fish"
TOKEN = "5f" * 20
"""Of its first account, whose programs the bridge is one of."""
_OWNER = Owner(OWNER, PASSWORD, TOKEN)
_PROGRAM = "import sys; from label_studio.server import main; sys.argv[0] = 'label-studio'; main()"
_UNREACHABLE = "error sending request"
"""What uv says of an index that it gets no answer from; of a hash or a version that is wrong it says otherwise."""


@dataclass(frozen=True)
class Account:
    """Somebody who labels there, in a session of a browser."""

    number: int
    email: str
    http: httpx.Client

    def token(self) -> str:
        """Their legacy token."""
        return self.http.get("/api/current-user/token").json()["token"]

    def personal_token(self) -> str:
        answer = self.http.post("/api/token/", headers=self._csrf())
        return answer.json()["token"]

    def annotate(self, task: int, result: list[dict[str, Any]], *, cancelled: bool = False) -> int:
        """Answer a task as the page does; the annotation's number."""
        body = {"result": result, "was_cancelled": cancelled}
        path = f"/api/tasks/{task}/annotations/"
        return _done(lambda: self.http.post(path, json=body, headers=self._csrf()))["id"]

    def ask_for_next(self, project: int) -> None:
        """As the page does where somebody begins to label, or goes on; there may be none."""
        self.http.post("/api/dm/actions/", params={"id": "next_task", "project": project}, headers=self._csrf())

    def _csrf(self) -> dict[str, str]:
        return {"X-CSRFToken": self.http.cookies.get("csrftoken", "")}


class LabelStudio:
    """One that runs."""

    def __init__(self, url: str, opened: ExitStack) -> None:
        self.url = url
        self._opened = opened
        self.http = opened.enter_context(
            httpx.Client(base_url=url, headers={"Authorization": f"Token {TOKEN}"}, timeout=60)
        )

    def sign_up(self, email: str) -> Account:
        """A new account, signed in."""
        http = httpx.Client(base_url=self.url, timeout=60, headers={"Referer": f"{self.url}/user/signup/"})
        self._opened.enter_context(http)
        form = re.search(r'csrfmiddlewaretoken" value="([^"]+)', http.get("/user/signup/").text)
        assert form
        fields = {"csrfmiddlewaretoken": form[1], "email": email, "password": PASSWORD}
        assert http.post("/user/signup/", data=fields).status_code == 302
        return Account(http.get("/api/current-user/whoami").json()["id"], email, http)

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks of all projects."""
        found = []
        for project in self._projects():
            query = {"project": project["id"], "fields": "all", "page_size": 100}
            found += _done(lambda: self.http.get("/api/tasks/", params=query))["tasks"]  # noqa: B023 - called here
        return found

    def project(self, title: str) -> dict[str, Any]:
        return next(it for it in self._projects() if it["title"] == title)

    def _projects(self) -> list[dict[str, Any]]:
        return _done(lambda: self.http.get("/api/projects/", params={"page_size": 100}))["results"]


def _done(call: Callable[[], httpx.Response]) -> Any:
    """What is answered. Its SQLite lets one write at a time, and is told so late by an error of the server's."""

    def answered() -> httpx.Response | None:
        answer = call()
        return None if answer.is_server_error else answer

    answer = wait_for(answered, "an answer of Label Studio")
    assert answer.is_success, (answer.status_code, answer.text[:500])
    return answer.json()


@contextmanager
def running(folder: Path, **otherwise: str) -> Iterator[LabelStudio]:
    """A server whose folder is `folder`, until the end, with these settings of its environment. Skips where it
    can't be installed for want of an index.
    """
    made = _made()
    shutil.copytree(made / "first", folder)
    with served(_program(made), folder, _OWNER, otherwise) as port, ExitStack() as opened:
        yield LabelStudio(f"http://127.0.0.1:{port}", opened)


def _made() -> Path:
    """The folder of the environment, and of the first state of a server of it. Only one process makes it."""
    folder = cache_folder({}) / "label-studio" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    ready = folder / "ready"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _install(folder)
            _begin(folder, folder / "first")
            ready.touch()
    return folder


def _install(folder: Path) -> None:
    install(made_environment(folder / "env"), LOCK)


def made_environment(folder: Path) -> Path:
    """The interpreter of a new one, with nothing in it."""
    _run_uv("venv", "--clear", "--python", sys.executable, folder)
    return folder / "bin" / "python"


def install(python: Path, lock: Path) -> None:
    """What a lock names, with its hashes. Skips where the index can't be reached; fails for anything else."""
    _run_uv("pip", "sync", "--python", python, "--require-hashes", lock)


def _run_uv(*arguments: object) -> None:
    import uv  # noqa: PLC0415 - what `make setup` itself works with, and other Pythons' environments don't have

    done = subprocess.run(
        [uv.find_uv_bin(), "--quiet", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode and _UNREACHABLE in done.stderr:
        pytest.skip(f"needs Label Studio, and the package index can't be reached: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr[-2000:]


def _begin(folder: Path, first: Path) -> None:
    """The state of a server that was started once: that takes a minute, and copying it nothing."""
    shutil.rmtree(first, ignore_errors=True)
    first.mkdir()
    with served(_program(folder), first, _OWNER):
        pass


def _program(made: Path) -> list[str]:
    return [str(made / "env" / "bin" / "python"), "-c", _PROGRAM]
