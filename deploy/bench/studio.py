"""The same of a Label Studio: what annotators wait for a next task and for a submit, and whether tasks are handed
to more people than they are for.

It is started for this alone, and called by the same small client. Each person has an account and a token.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.bench.annotators import GROUPS
from deploy.bench.connection import Connection
from deploy.bench.figures import Latency
from deploy.bench.handouts import Handouts
from deploy.bench.report import Calls, Studio
from deploy.bench.studio_server import Owner, served
from deploy.bench.workload import texts
from deploy.supervise.emptied import emptied
from schemas.errors import ConfigError, StackError

SHARE = 5
"""It gets so many times fewer tasks a person: it is slower, and its times don't depend on how many there are."""
CALL_S = 300.0
OWNER = "bench@example.org"
CONFIG = (
    '<View><Text name="text" value="$text"/>'
    '<Choices name="tone" toName="text"><Choice value="neutral"/></Choices></View>'
)
RESULT = [{"from_name": "tone", "to_name": "text", "type": "choices", "value": {"choices": ["neutral"]}}]
MADE = (HTTPStatus.OK, HTTPStatus.CREATED)


def program(named: str) -> str:
    """The program of that name, or at that path. Raises ConfigError."""
    if found := shutil.which(named):
        return str(Path(found).absolute())
    raise ConfigError(f"There is no program {named}. Label Studio is installed by: pip install label-studio")


def measure(command: str, folder: Path, tasks: int, tasks_each: int, overlap: int) -> Studio:
    """With 1, 8 and 32 annotators, before so many tasks that take `overlap` people each."""
    with _running(command, folder) as server:
        return measure_one(server, tasks, max(2, tasks_each // SHARE), overlap, GROUPS)


def measure_one(server: Server, tasks: int, tasks_each: int, overlap: int, groups: Sequence[int]) -> Studio:
    """One that runs."""
    project = server.project(tasks, overlap)
    found, handouts, failed = [], Handouts(), 0
    for count in groups:
        people = [Person(server, project) for _ in range(count)]
        found.append(_group(people, tasks_each))
        for number, person in enumerate(people):
            handouts.add(f"{count}-{number}", person.labeled)
            failed += person.failed
            person.close()
    written, doubled = server.written(project)
    return Studio(
        server.version, tasks, found, replace(handouts.faults(written, overlap), doubled=doubled), failed
    )


def _group(people: Sequence[Person], tasks_each: int) -> Calls:
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda person: person.work(1), people))
        for person in people:
            person.lease.clear()
            person.submit.clear()
        started = time.perf_counter()
        list(pool.map(lambda person: person.work(tasks_each), people))
        seconds = time.perf_counter() - started
    lease = [it for person in people for it in person.lease]
    submit = [it for person in people for it in person.submit]
    return Calls(len(people), len(submit) / seconds, Latency.of(lease), Latency.of(submit))


@dataclass(slots=True)
class Server:
    """One that runs, as who owns it."""

    port: int
    http: httpx.Client
    version: str

    def project(self, tasks: int, overlap: int) -> int:
        """A new one with so many tasks."""
        settings = {"title": "bench", "label_config": CONFIG, "maximum_annotations": overlap}
        number = int(self._made("/api/projects/", settings)["id"])
        self._made(f"/api/projects/{number}/import", [{"data": {"text": text}} for text in texts(tasks)])
        return number

    def token(self) -> str:
        """Of a new account."""
        with httpx.Client(base_url=self.http.base_url, timeout=CALL_S, trust_env=False) as http:
            form = re.search(r'csrfmiddlewaretoken" value="([^"]+)', http.get("/user/signup/").text)
            email, password = f"{secrets.token_hex(8)}@example.org", secrets.token_hex(16)
            fields = {"csrfmiddlewaretoken": form[1] if form else "", "email": email, "password": password}
            http.post("/user/signup/", data=fields)
            return str(http.get("/api/current-user/token").json()["token"])

    def written(self, project: int) -> tuple[Counter[str], int]:
        """How often each annotation is there; and how many there are more than one of a person and a task."""
        tasks = self.http.get(f"/api/projects/{project}/export", params={"exportType": "JSON"}).json()
        answers = [(task["id"], answer) for task in tasks for answer in task["annotations"]]
        doubled = len(answers) - len({(task, answer["completed_by"]) for task, answer in answers})
        return Counter(f"{task}-{answer['unique_id']}" for task, answer in answers), doubled

    def _made(self, path: str, content: object) -> dict[str, Any]:
        answer = self.http.post(path, json=content)
        if answer.status_code not in MADE:
            raise StackError(f"Label Studio answered {answer.status_code} to {path}.")
        made: dict[str, Any] = answer.json()
        return made


@dataclass(slots=True)
class Person:
    """One annotator without think time. What the server refuses or doesn't answer in time, since others write to
    its database, is asked again, and counted; a person's time runs on meanwhile.
    """

    server: Server
    number: int
    lease: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)
    labeled: list[str] = field(default_factory=list)
    failed: int = 0
    _headers: dict[str, str] = field(init=False)
    _http: Connection = field(init=False)

    def __post_init__(self) -> None:
        self._headers = {"Authorization": f"Token {self.server.token()}", "Content-Type": "application/json"}
        self._connect()

    def _connect(self) -> None:
        self._http = Connection("127.0.0.1", self.server.port, self._headers)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def work(self, tasks: int) -> None:
        """So many next tasks, each answered."""
        for _ in range(tasks):
            task = self._call(self.lease, "GET", f"/api/projects/{self.number}/next", b"")
            name = str(uuid4())
            answer = json.dumps({"result": RESULT, "unique_id": name}).encode()
            self._call(self.submit, "POST", f"/api/tasks/{task['id']}/annotations/", answer)
            self.labeled.append(f"{task['id']}-{name}")

    def _call(self, times: list[float], method: str, path: str, body: bytes) -> dict[str, Any]:
        """What it answers. That it has an answer of this `unique_id` is as good: one of before was heard."""
        begun = time.perf_counter()
        while time.perf_counter() - begun < CALL_S:
            status, content = self._try(method, path, body)
            if status in MADE or (status == HTTPStatus.CONFLICT and body):
                times.append(time.perf_counter() - begun)
                answer: dict[str, Any] = json.loads(content)
                return answer
            self.failed += 1
            if 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise StackError(f"Label Studio answered {status} to {method} {path}.")
        raise StackError(f"Label Studio gave no answer to {method} {path} in {CALL_S:.0f} s.")

    def _try(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """0 where nothing came."""
        try:
            return self._http.call(method, path, body, {})
        except (OSError, StackError):
            self.close()
            self._connect()
            return 0, b""


@contextmanager
def _running(command: str, folder: Path) -> Iterator[Server]:
    """A new one, its folder removed in the end."""
    emptied(folder)
    owner = Owner(OWNER, secrets.token_hex(16), secrets.token_hex(20))
    headers = {"Authorization": f"Token {owner.token}"}
    try:
        with (
            served([command], folder, owner) as port,
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=CALL_S, trust_env=False
            ) as http,
        ):
            yield Server(port, http, str(http.get("/api/version").json()["release"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
