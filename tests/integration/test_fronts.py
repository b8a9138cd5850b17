"""A real browser before real fronts, which end and are started again, before a real process of label."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

from deploy import behind
from deploy.behind import Behind
from deploy.provision.command import apply_topology
from deploy.provision.parts import connected, pins_path
from deploy.signin import configuration, invitation
from deploy.signin.configuration import Listening, SignInConfiguration
from deploy.signin.offering import Offering
from deploy.signin.totp import code_at
from deploy.stages.front import open_front
from schemas.audit import EventType
from streams.label.front.settings import BatchSettings, FrontSettings
from tests.support.chromium import CHROMIUM, DRIVER, Window, chromium, emptied
from tests.support.handing import handed
from tests.support.pipeline import free_port, on_shared_stack
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology

__all__ = ["chromium"]
pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
    ),
]

TREE = Path(__file__).parents[2]
PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 1
persons:
  authors: [fenna]
  approvers: [floris]
  operators: [famke]
  annotators: [fedde]
"""
RECORDS = [{"product": "kettle", "text": f"the kettle broke again, case {it}"} for it in range(3)]
ENDS_WITHIN_S = 60
LABEL_AT = "127.0.0.2"
"""Where label listens; at 127.0.0.1, by which browsers know it, fronts do."""
HASTY = FrontSettings(batch=BatchSettings(least_ms=0, spread_ms=0, leave_ms=1_000))
"""As soon as its batch is done it ends."""


@contextmanager
def process(root: Path, role: str, project: str, port: int, token: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A stage as a process, which is handed `token` where it logs in to Vault."""
    arguments = ["-m", "deploy.run", role, project, "--root", str(root), "--port", str(port)]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(TREE)}
    more = ["--health-port", str(free_port())]
    running = subprocess.Popen(
        [sys.executable, *arguments, *more], env=environment, cwd=root, stdin=subprocess.PIPE
    )
    try:
        with running.stdin as pipe:
            pipe.write(token.encode())
        yield running
    finally:
        running.terminate()
        try:
            running.wait(ENDS_WITHIN_S)
        finally:
            running.kill()
            running.wait()


@dataclass
class Place:
    """A project with a label process, and what its fronts are told."""

    pipeline: object
    port: int
    told: Path

    def front(self):
        return process(self.told, "front", self.pipeline.project, self.port)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def hasty(place: Place) -> Iterator[threading.Thread]:
    """A front in a thread of ours, which doesn't wait until it is as old as Kubernetes wants it."""
    stop = threading.Event()

    def run() -> None:
        with open_front(place.told, place.pipeline.project, place.port, HASTY) as running:
            running.run(stop)

    thread = threading.Thread(target=run, name="front")
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(ENDS_WITHIN_S)


@pytest.fixture
def place(stack, tmp_path):
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    name, port = f"fronted-{secrets.token_hex(4)}", free_port()
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(PROJECT.format(name=name))
    with connected(stack.endpoints, stack.root) as parts:
        apply_topology(load_topology(extra_projects=[folder]), parts)
    topology = load_topology(extra_projects=[folder], pins=pins_path(stack.root))
    pipeline = on_shared_stack(stack.root, topology, name)
    offering = Offering(stack.root, Listening(), None)
    offering.start({name: topology.project(name)}, {name: port}, stack.endpoints.vault)
    whole = configuration.load(stack.root, name)
    configuration.save(stack.root, {name: replace(whole, listening=Listening(LABEL_AT))})
    (tmp_path / "run").mkdir()
    configuration.save(tmp_path, {name: SignInConfiguration(Listening(), port, None)})
    (tmp_path / "run" / behind.FILE).write_text(behind.text(Behind(f"http://{LABEL_AT}:{port}")))
    pipeline.start("redact")
    pipeline.sign("fenna", "floris")
    pipeline.publish(*RECORDS)
    pipeline.wait_records("tasks", len(RECORDS))
    token = handed(stack.root, Identity("label", name)).token
    try:
        with process(stack.root, "label", name, port, token):
            yield Place(pipeline, port, tmp_path)
    finally:
        offering.stop()
        pipeline.close()


def signs_in(window: Window, place: Place) -> None:
    """By the page and the provider's form, as a person does."""
    invited = invitation.read(place.pipeline.root, place.pipeline.project)
    window.browser.get(f"{place.origin}/")
    window.there("#card-actions a")
    window.click("#card-actions a")
    window.there("[name=code]")
    code = code_at(invited.otpauth, int(time.time()))
    for name, value in {"person": invited.person, "password": invited.password, "code": code}.items():
        window.find(f"[name={name}]").send_keys(value)
    window.click("button")
    wait_for(lambda: window.browser.current_url == f"{place.origin}/", "the page again")
    window.wait("Boolean(document.querySelector('#card-actions button'))", "the page is ready")


def signs_out(window: Window) -> int:
    return window.run("""
        const {csrf} = await (await fetch('/v1/me')).json();
        return (await fetch('/signout', {method: 'POST', headers: {'X-Veil-CSRF': csrf}})).status;
    """)


def labels(place: Place, count: int) -> list:
    return wait_for(lambda: len(it := place.pipeline.records("labels")) >= count and it, f"{count} labels")


def test_a_person_works_through_fronts_that_end_and_loses_no_lease(place, chromium):
    emptied(chromium, place.origin)
    window = Window(chromium)
    with place.front() as first:
        wait_for(lambda: answers(place), "the first front answers")
        signs_in(window, place)
        window.press(Keys.ENTER)
        window.wait("!document.querySelector('#work').hidden", "a task is there")
        window.press("q", Keys.ENTER)
        labels(place, 1)
        window.wait("!document.querySelector('#work').hidden", "the next task is there")
        held = place.pipeline.events(EventType.TASK_VIEWED)
        first.terminate()
        assert first.wait(ENDS_WITHIN_S) == 0
    with hasty(place) as second:
        wait_for(lambda: answers(place), "the second front answers")
        window.press("q", Keys.ENTER)
        mine = labels(place, 2)
        assert {it.person for it in mine} == {"fedde"}
        assert {it.task_id for it in mine} == {it.resource.removeprefix("task/") for it in held}
        assert signs_out(window) == 204
        second.join(ENDS_WITHIN_S)
        assert not second.is_alive(), "its batch is done"
    (session,) = {it.resource for it in place.pipeline.events(EventType.SESSION_STARTED)}
    assert [it.resource for it in place.pipeline.events(EventType.SESSION_ENDED)] == [session]
    assert not place.pipeline.events(EventType.LEASE_EXPIRED)
    chromium.get("about:blank")


def answers(place: Place) -> bool:
    try:
        return httpx.get(f"{place.origin}/v1/me", timeout=10).status_code == 401
    except httpx.TransportError:
        return False
