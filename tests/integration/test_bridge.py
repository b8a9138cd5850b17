"""From a task in Label Studio to a verdict: a real one, beside the real broker and vault."""

from __future__ import annotations

import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.bridge.running import Wanted, run
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected, pins_path
from schemas.audit import EventType
from schemas.resources import task_ids
from tests.support import label_studio
from tests.support.pipeline import on_shared_stack
from tests.support.waiting import wait_for
from topology.loading import load_topology

pytestmark = [pytest.mark.stack, pytest.mark.label_studio]

NOTE = "\N{GRINNING FACE} My kettle leaks, says juniper@bridged.example"
PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons:
  authors: [brita]
  approvers: [bruno]
  operators: [bea]
  annotators: [bob]
apps: {{{app}: {{acts_for: [bob]}}}}
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with label_studio.running(tmp_path_factory.mktemp("label-studio") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def shop(stack):
    name, app = (f"{word}-{secrets.token_hex(4)}" for word in ("bridged", "bridge"))
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(PROJECT.format(name=name, app=app))
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(load_topology(extra_projects=[folder]), parts)
    topology = load_topology(extra_projects=[folder], pins=pins_path(stack.root))
    pipeline = on_shared_stack(stack.root, topology, name)
    pipeline.start()
    pipeline.publish({"customer": {"note": NOTE}, "product": "kettle"})
    pipeline.sign("brita", "bruno")
    pipeline.wait_records("tasks", 1)
    yield pipeline, app
    pipeline.close()


def region(start: int, end: int, text: str) -> dict:
    value = {"start": start, "end": end, "text": text, "labels": ["PRODUCT"]}
    return {"id": "r1", "from_name": "labels_0", "to_name": "field_0", "type": "labels", "value": value}


def test_a_task_goes_to_label_studio_and_its_answer_comes_back_as_a_label(shop, studio, tmp_path):
    pipeline, app = shop
    url = f"http://127.0.0.1:{pipeline.stages['label', 0].port}"
    bob = studio.sign_up("bob@example.org")
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(label_studio.TOKEN)
    fields = ("customer.note", "product")
    wanted = Wanted(pipeline.project, "bob", app, studio.url, bob.email, token, fields, 600, label_url=url)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        bridge = pool.submit(run, pipeline.root, wanted, stop, lambda _: None)
        try:
            (task,) = wait_for(lambda: bridge.done() or studio.tasks(), "a task in Label Studio")
            start = task["data"]["field_0"].index("kettle")
            bob.annotate(task["id"], [region(start, start + 6, "kettle")])
            (label,) = pipeline.wait_records("labels", 1)
            wait_for(lambda: not studio.tasks(), "its text has left Label Studio")
        finally:
            stop.set()
            done = bridge.result()
    assert "juniper" not in json.dumps(task)
    assert (label.person, [(it.field, it.start, it.end) for it in label.spans]) == (
        "bob",
        [("customer.note", start, start + 6)],
    )
    assert done.labeled == 1
    viewed = [it for it in pipeline.events(EventType.TASK_VIEWED) if label.task_id in task_ids(it)]
    assert {(it.person, it.details["client"]) for it in viewed} == {("bob", f"app {app}")}
    pipeline.reconciled()
