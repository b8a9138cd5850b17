"""What annotators wait for a lease and for a submit over HTTP, never pausing, before a full queue.

And whether every promise was kept meanwhile: no task twice to a person, none to more people than its overlap, each
label that was answered for on `labels` exactly once.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from deploy.bench import transactions
from deploy.bench.connection import Connection
from deploy.bench.figures import Latency
from deploy.bench.ground import ANNOTATORS, OPERATOR, POLICY, PROJECT, Ground
from deploy.bench.handouts import Handouts
from deploy.bench.report import Calls, Queueing
from deploy.bench.resources import peak_bytes
from schemas.errors import StackError
from schemas.records import Label
from topology.policies import load_policy
from vault.signing import issue_token

GROUPS = (1, 8, 32)
WARM_UP = 5
"""Calls of each person before it counts: connections are made, and the first segment is read from Vault."""
FILLED_WITHIN_S = 240.0
SURPLUS = 1.3
"""Records published for a task that must be there: quarantine takes a share of real texts."""
LABEL = f"label.{PROJECT}.0"
TRANSACTIONS = 300


def measure(ground: Ground, open_tasks: int, tasks_each: int) -> Queueing:
    """With 1, 8 and 32 annotators, before so many tasks at least. Clients share the cores of the server."""
    waiting = _fill(ground, open_tasks)
    alone = transactions.measure(ground, TRANSACTIONS)
    found, handouts = [], Handouts()
    for count in GROUPS:
        ground.report(f"{count} annotator(s), {tasks_each} tasks each")
        people = [Person(ground, name) for name in ANNOTATORS[:count]]
        found.append(_group(people, tasks_each))
        for person in people:
            handouts.add(person.name, person.labeled)
            person.close()
    size = peak_bytes(ground.pids()[LABEL])
    ground.end_all()
    faults = handouts.faults(_written(ground), load_policy(POLICY).overlap)
    return Queueing(waiting, size, found, faults, alone)


def _fill(ground: Ground, tasks: int) -> int:
    """So many tasks or more in the memory of a label process that has just started, alone; how many.

    How many of the records become tasks is not known before; those of the bench's other parts are there, too.
    """
    ground.end_all()
    ground.report(f"{tasks:,} tasks into the queue")
    ground.publish(int(tasks * SURPLUS))
    ground.begin(f"redact.{PROJECT}.0")
    ground.begin(LABEL)
    _waiting(ground, tasks)
    ground.end_all()
    ground.begin(LABEL)
    return _waiting(ground, tasks)


def _waiting(ground: Ground, least: int) -> int:
    """How many tasks wait, when there are so many at least and no more come. Raises StackError."""
    person = Person(ground, ANNOTATORS[-1])
    before, limit = -1, time.monotonic() + FILLED_WITHIN_S
    while (now := person.available()) < least or now != before:
        if time.monotonic() > limit:
            raise StackError(f"the queue did not fill in {FILLED_WITHIN_S:.0f} s.")
        before = now
        threading.Event().wait(1.0)
    person.close()
    return now


def _written(ground: Ground) -> Counter[str]:
    """How often each label id is on `labels`."""
    with ground.acting("person", OPERATOR) as around:
        labels = [around.codec.decode(it.value, Label) for it in ground.log().read(f"labels.{PROJECT}")]
    return Counter(label.label_id for label in labels)


def _group(people: Sequence[Person], tasks_each: int) -> Calls:
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda person: person.work(WARM_UP), people))
        for person in people:
            person.times = _Times()
        started = time.perf_counter()
        list(pool.map(lambda person: person.work(tasks_each), people))
        seconds = time.perf_counter() - started
    lease = [time for person in people for time in person.times.lease]
    submit = [time for person in people for time in person.times.submit]
    return Calls(len(people), len(submit) / seconds, Latency.of(lease), Latency.of(submit))


@dataclass(slots=True)
class _Times:
    """Seconds of single calls."""

    lease: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)


class Person:
    """One annotator without think time."""

    def __init__(self, ground: Ground, name: str) -> None:
        self.name = name
        self.times = _Times()
        self.labeled: list[str] = []
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
        """Hang up."""
        self._http.close()

    def available(self) -> int:
        """Tasks that wait."""
        status, body = self._http.call("GET", f"/v1/projects/{PROJECT}/stats", b"", {})
        return int(json.loads(body)["available"] or 0) if status == HTTPStatus.OK else 0

    def work(self, tasks: int) -> None:
        """Lease and label so many tasks. Raises StackError where there are less, or for another answer."""
        for number in range(tasks):
            if not self._one():
                raise StackError(f"{number} tasks were there instead of {tasks}.")

    def work_all(self) -> int:
        """Lease and label until there is no task for this person; how many there were."""
        before = len(self.labeled)
        while self._one():
            pass
        return len(self.labeled) - before

    def _one(self) -> bool:
        """Whether there was a task."""
        begun = time.perf_counter()
        lease = self._post(f"/v1/projects/{PROJECT}/leases", b"", {})
        if lease is None:
            return False
        self.times.lease.append(time.perf_counter() - begun)
        result = {"spans": [], "choices": {"tone": "neutral"}}
        body = json.dumps({"fencing_token": lease["fencing_token"], "result": result}).encode()
        path = f"/v1/leases/{lease['lease_id']}/label"
        begun = time.perf_counter()
        self._post(path, body, {"Idempotency-Key": secrets.token_hex(8)})
        self.times.submit.append(time.perf_counter() - begun)
        self.labeled.append(str(lease["lease_id"]))
        return True

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, object] | None:
        """The answer; None where the API says that there is nothing."""
        status, answer = self._http.call("POST", path, body, headers)
        if status == HTTPStatus.NO_CONTENT:
            return None
        if status != HTTPStatus.OK:
            raise StackError(f"the label API answered {status} in the middle of the bench.")
        content: dict[str, object] = json.loads(answer)
        return content
