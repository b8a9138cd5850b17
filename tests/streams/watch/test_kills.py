"""Watch is killed again and again while events come: no final window is different from what the log says.

`VEIL_FAULT_ROUNDS` kills (10 unless set); `VEIL_FAULT_SEED` replays when.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from deploy.local.stack import LocalStack
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected
from schemas.alerts import Alert
from schemas.audit import AuditEvent, EventType
from schemas.errors import VeilError
from schemas.metrics import SUPPRESSED_BELOW, Metric
from schemas.resources import lease_resource, project_resource, task_resource
from schemas.states import WatchState
from streams.engine.generations import latest
from streams.engine.log import Ownership, Session, SessionSpec
from streams.engine.messages import Outgoing
from streams.watch.book import Final
from streams.watch.recompute import recompute
from streams.watch.rules_document import packaged_rules
from streams.watch.windows import Arrival
from tests.conftest import without_endpoints
from tests.streams.watch.month import Writing, redacted
from tests.streams.watch.process import WINDOWS
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.identity import PLATFORM
from topology.loading import load_topology

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("VEIL_FAULT_ROUNDS") or 10)
SEED = int(os.environ.get("VEIL_FAULT_SEED") or secrets.randbelow(2**32))
PROJECT, OF_PLATFORM = "demo", "alerts.platform"
END = 10**15
LIVES_S = 9.0
"""The longest a process lives: from before it has read its state to after it has written a few."""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    with LocalStack(tmp_path_factory.mktemp("watch"), environ=without_endpoints()) as stack:
        topology = load_topology()
        with connected(stack.endpoints, stack.root) as parts:
            apply_topology(topology, parts)
        found = Pipeline(stack.root, topology, PROJECT)
        yield found
        found.close()


class Feed:
    """Every stage's audit, as fast as a few people work, and refusals at the console on the platform's: some of it
    in transactions that are aborted.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline, self._random, self._stop = pipeline, Random(SEED), threading.Event()
        self._writings = {role: Writing(f"{role}.{PROJECT}") for role in ("redact", "label", "decide", "join")}
        self._console = Writing("console.platform")
        self._number, self.aborted = 0, 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        session = self._opened()
        try:
            while not self._stop.wait(0.05):
                try:
                    self._write(session)
                except VeilError:  # such as one that took longer than a transaction may: as after a restart
                    self.aborted += 1
                    session.close()
                    session = self._opened()
        finally:
            session.close()

    def _opened(self) -> Session:
        return self._pipeline.log.open(SessionSpec("feed", "feed", (), Ownership.WHOLE))

    def _write(self, session: Session) -> None:
        session.begin()
        for place, event in (*((PROJECT, it) for it in self._some()), (PLATFORM, self._refused())):
            value = self._pipeline.codec.encode(event)
            session.produce(Outgoing(f"audit.{place}", event.slot.encode(), value))
        if self._random.random() < 0.15:
            self.aborted += 1
            session.abort()
        else:
            session.commit()

    def _some(self) -> list[AuditEvent]:
        now = time.time_ns() // 1_000_000
        events = []
        for _ in range(self._random.randint(1, 4)):
            self._number += 1
            events += self._task(f"t{self._number}", now - self._random.choice([0, 5, 400, 5_000]))
        return events

    def _refused(self) -> AuditEvent:
        now, person = time.time_ns() // 1_000_000, f"otto-{self._random.randint(0, 9)}"
        return self._console.event(EventType.CONSOLE_DENIED, project_resource(PROJECT), now, person=person)

    def _task(self, task: str, now: int) -> list[AuditEvent]:
        say, person = self._writings, f"ann-{self._number % 3}"
        lease = (lease_resource(f"{task}-1"),)
        of = {"person": person, "parents": (*lease, task_resource(task))}
        return [
            redacted(say["redact"], [task], 2 * self._number, now - 40),
            say["label"].event(EventType.TASK_VIEWED, task_resource(task), now, person=person, parents=lease),
            say["label"].event(EventType.ACCESS_DENIED, project_resource(PROJECT), now, person=person),
            say["label"].event(EventType.LABEL_SUBMITTED, f"label/{task}-1", now + 30, **of),
            say["decide"].event(EventType.VERDICT_REACHED, f"verdict/{task}", now, details={"agreement": "0.75"}),
            say["join"].event(EventType.LABEL_JOINED, "raw/raw.demo/0/1/1", now + 90, parents=of["parents"]),
        ]


def start(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.streams.watch.process", str(root)], cwd=Path(__file__).parents[3]
    )


def wanted(pipeline: Pipeline) -> dict[str, Metric | Alert]:
    """What the log says, by key."""
    of_project = finals(pipeline, PROJECT, pipeline.partitions)
    metrics = {metric.key: metric for final in of_project for metric in final.metrics}
    told = (alert for final in (*of_project, *finals(pipeline, PLATFORM, 1)) for alert in final.alerts)
    return metrics | {alert.alert_id: alert for alert in told}


def finals(pipeline: Pipeline, place: str, partitions: int) -> list[Final]:
    arrivals = [
        Arrival(it.partition, it.offset, it.timestamp, pipeline.codec.decode(it.value, AuditEvent))
        for it in pipeline.log.read(f"audit.{place}")
    ]
    return list(recompute(place, arrivals, dict.fromkeys(range(partitions), END), packaged_rules(), WINDOWS))


def published(pipeline: Pipeline) -> list[tuple[str, Metric | Alert]]:
    """Every record that was ever written, repeated ones as often as they were."""
    return [
        (it.key.decode(), pipeline.codec.decode(it.value, kind))
        for topic, kind in ((f"metrics.{PROJECT}", Metric), (f"alerts.{PROJECT}", Alert), (OF_PLATFORM, Alert))
        for it in pipeline.log.read(topic)
    ]


def generation(pipeline: Pipeline) -> int:
    states = [pipeline.codec.decode(it.value, WatchState) for it in pipeline.log.read("watch-state")]
    return latest(states).get(PROJECT, (0, b""))[0]


def test_killed_at_any_moment_it_publishes_what_a_recomputation_does(pipeline):
    print(f"replay with VEIL_FAULT_SEED={SEED}")  # noqa: T201 - pytest shows it with a failure
    random, feed, generations = Random(SEED), Feed(pipeline), []
    try:
        for _ in range(ROUNDS):
            watch = start(pipeline.root)
            limit = time.monotonic() + random.uniform(0.5, LIVES_S)
            wait_for(lambda limit=limit: time.monotonic() >= limit, "time passes", LIVES_S + 60)
            assert watch.poll() is None
            watch.kill()
            watch.wait(30)
            generations.append(generation(pipeline))
    finally:
        feed.stop()
    watch = start(pipeline.root)
    try:
        goal = wanted(pipeline)
        wait_for(lambda: {key for key, _ in published(pipeline)} >= set(goal), "all windows are final", 90)
    finally:
        watch.terminate()
        assert watch.wait(30) == 0
    found = published(pipeline)
    assert feed.aborted
    assert all(goal[key] == record for key, record in found)
    again = Counter(key for key, _ in found)
    kinds = Counter(type(record).__name__ for record in goal.values())
    print(f"{kinds}, written {again.total()} times; states {generations}")  # noqa: T201
    assert kinds["Metric"] > ROUNDS
    assert kinds["Alert"]
    assert list(pipeline.log.read(OF_PLATFORM))
    assert len(set(generations)) > 1
    metrics = [record for record in goal.values() if isinstance(record, Metric)]
    assert all(count >= SUPPRESSED_BELOW for metric in metrics for count in metric.cells.values())
