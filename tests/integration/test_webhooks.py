"""Webhooks on the real broker and vault, by a real process that is killed in between."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from deploy.provision.command import apply_topology
from deploy.provision.parts import connected, pins_path
from deploy.webhooks import SecretFiles, replay
from schemas.audit import EventType
from schemas.control import Replay
from streams.notify import signing
from tests.streams.notify.making import label, receiving
from tests.support.handing import handed
from tests.support.pipeline import Pipeline, on_shared_stack
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology

pytestmark = pytest.mark.stack

TREE = Path(__file__).parents[2]
LABELS = 20
PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons:
  authors: [amy]
  approvers: [ben]
  operators: [cleo]
  annotators: [dan]
webhooks:
  - {{name: live, url: "{live}", events: [label.submitted, task.withdrawn], private: true}}
  - {{name: dead, url: "{dead}", events: [label.submitted], private: true}}
"""


class Notify:
    """The stage as a process of its own."""

    def __init__(self, root: Path, project: str) -> None:
        arguments = ["-m", "deploy.run", "notify", project, "--root", str(root)]
        environment = {"PATH": os.defpath, "PYTHONPATH": str(TREE)}
        self.process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, cwd=root, stdin=subprocess.PIPE
        )
        assert self.process.stdin is not None
        with self.process.stdin as pipe:
            pipe.write(handed(root, Identity("notify", project)).token.encode())

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture
def hooks(stack):
    """A project with a receiver that works and one that never answers; its notify process, running."""
    ended, on_message = threading.Event(), []

    def hang(_) -> int:
        ended.wait()
        return 204

    def take(found) -> int:
        for act in on_message:
            act(found)
        return 204

    with receiving(take) as live, receiving(hang) as dead:
        name = f"hooks-{secrets.token_hex(4)}"
        folder = stack.root / "projects"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / f"{name}.yaml").write_text(PROJECT.format(name=name, live=live.url, dead=dead.url))
        topology = load_topology(extra_projects=[folder])
        with connected(stack.endpoints, stack.root) as parts:
            apply_topology(topology, parts)
        pipeline = on_shared_stack(
            stack.root, load_topology(extra_projects=[folder], pins=pins_path(stack.root)), name
        )
        try:
            yield pipeline, live, on_message
        finally:
            ended.set()
            pipeline.close()


def delivered(pipeline: Pipeline) -> int:
    events = pipeline.events(EventType.WEBHOOK_DELIVERED)
    return sum(int(event.details["messages"]) for event in events)


def test_every_label_is_told_though_the_stage_is_killed_and_another_receiver_is_dead(hooks):
    pipeline, live, on_message = hooks
    first = Notify(pipeline.root, pipeline.project)
    pipeline.wait_event("process.started", lambda event: event.type is EventType.PROCESS_STARTED)
    on_message.append(lambda _: first.kill() if len(live.seen) == LABELS // 2 else None)
    for number in range(LABELS):
        record = pipeline.codec.encode(label(number, person="dan"))
        pipeline.write(f"labels.{pipeline.project}", f"{number:032x}".encode(), record)
    assert first.process.wait(60) == -signal.SIGKILL
    on_message.clear()
    second = Notify(pipeline.root, pipeline.project)
    try:
        live.wait(lambda seen: len({it.headers["webhook-id"] for it in seen}) == LABELS, 60)
        wait_for(lambda: delivered(pipeline) >= LABELS, "the audit says that all were delivered")
        seen = list(live.seen)
        assert len({(it.headers["webhook-id"], it.body) for it in seen}) == LABELS
        (secret,) = SecretFiles(pipeline.root, pipeline.project).read("live")
        for it in seen:
            Webhook(signing.written(secret)).verify(it.body, it.headers)
            assert b"dan" not in it.body

        replay(pipeline.root, pipeline.project, "cleo", Replay(0, endpoint="live"))
        live.wait(lambda now: len(now) >= len(seen) + LABELS, 60)
        again = Counter(it.headers["webhook-id"] for it in live.seen[len(seen) :])
        assert set(again) == {it.headers["webhook-id"] for it in seen}
        (order,) = pipeline.events(EventType.REPLAY_ORDERED)
        assert (order.person, order.details) == ("cleo", {"since": "0", "endpoint": "live"})

        pipeline.withdraw("cleo", f"{1:032x}")
        live.wait(lambda now: any(b"task.withdrawn" in it.body for it in now), 60)
    finally:
        second.stop()
    assert second.process.returncode == 0
    pipeline.reconciled()
