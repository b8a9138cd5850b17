"""What annotators wait for a lease and for a submit, over HTTP, without a pause between calls."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from deploy.bench.connection import Connection
from deploy.bench.figures import Latency
from deploy.bench.ground import ANNOTATORS, OPERATOR, PROJECT, Ground
from deploy.bench.report import Calls
from deploy.bench.workload import FIELD, texts
from schemas.errors import StackError
from vault.signing import issue_token

GROUPS = (1, 8)
WARM_UP = 5
"""Calls of each person before it counts: connections are made, and the first segment is read from Vault."""
FILLED_WITHIN_S = 120.0


def measure(ground: Ground, tasks_each: int) -> list[Calls]:
    """With one annotator and with eight. The clients run on the same cores as the server."""
    _fill(ground, (tasks_each + WARM_UP) * (sum(GROUPS) + len(GROUPS)))
    found = []
    for count in GROUPS:
        ground.report(f"{count} annotator(s), {tasks_each} tasks each")
        found.append(_group(ground, ANNOTATORS[:count], tasks_each))
    return found


def _fill(ground: Ground, tasks: int) -> None:
    """Enough tasks in the queue; only label runs after that."""
    redact, label = f"redact.{PROJECT}.0", f"label.{PROJECT}.0"
    ground.end_all()
    with ground.publisher() as publisher:
        for text in texts(tasks):
            publisher.publish_json({FIELD: text})
        publisher.flush()
    ground.begin(redact)
    ground.begin(label)
    person = _Person(ground, ANNOTATORS[-1])
    limit = time.monotonic() + FILLED_WITHIN_S
    while person.available() < tasks // 2:  # quarantine takes a share; each task is there for three
        if time.monotonic() > limit:
            raise StackError(f"the queue did not fill in {FILLED_WITHIN_S:.0f} s.")
        threading.Event().wait(0.2)
    person.close()
    ground.end_all()
    ground.begin(label)


def _group(ground: Ground, names: Sequence[str], tasks_each: int) -> Calls:
    people = [_Person(ground, name) for name in names]
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda person: person.work(WARM_UP), people))
        for person in people:
            person.times = _Times()
        started = time.perf_counter()
        list(pool.map(lambda person: person.work(tasks_each), people))
        seconds = time.perf_counter() - started
    for person in people:
        person.close()
    lease = [time for person in people for time in person.times.lease]
    submit = [time for person in people for time in person.times.submit]
    return Calls(len(people), len(submit) / seconds, Latency.of(lease), Latency.of(submit))


@dataclass(slots=True)
class _Times:
    """Seconds of single calls."""

    lease: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)


class _Person:
    """One annotator without think time."""

    def __init__(self, ground: Ground, name: str) -> None:
        self.times = _Times()
        with ground.acting("person", OPERATOR) as around:
            token = issue_token(
                around.vault,
                issuer=OPERATOR,
                person=name,
                project=PROJECT,
                token_id=secrets.token_hex(8),
                now=around.clock.now(),
            )
        url = urlsplit(ground.installation.label_url(PROJECT))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._http = Connection(url.hostname or "", url.port or 0, headers)

    def close(self) -> None:
        self._http.close()

    def available(self) -> int:
        """Tasks that wait."""
        status, body = self._http.call("GET", f"/v1/projects/{PROJECT}/stats", b"", {})
        return int(json.loads(body)["available"] or 0) if status == HTTPStatus.OK else 0

    def work(self, tasks: int) -> None:
        """Lease and label so many tasks. Raises StackError for any answer but 200."""
        for _ in range(tasks):
            begun = time.perf_counter()
            lease = self._post(f"/v1/projects/{PROJECT}/leases", b"", {})
            self.times.lease.append(time.perf_counter() - begun)
            result = {"spans": [], "choices": {"tone": "neutral"}}
            body = json.dumps({"fencing_token": lease["fencing_token"], "result": result}).encode()
            path = f"/v1/leases/{lease['lease_id']}/label"
            begun = time.perf_counter()
            self._post(path, body, {"Idempotency-Key": secrets.token_hex(8)})
            self.times.submit.append(time.perf_counter() - begun)

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, object]:
        status, answer = self._http.call("POST", path, body, headers)
        if status != HTTPStatus.OK:
            raise StackError(f"the label API answered {status} in the middle of the bench.")
        content: dict[str, object] = json.loads(answer)
        return content
