"""An officer before the console on the real parts: signs in, sees what happened, and leaves it on the audit."""

from __future__ import annotations

import secrets
import threading

import pytest

from deploy.compliance import audit_topic, compliance
from deploy.persons import load_declared
from deploy.provisioning import apply_audited
from deploy.signin import invitation
from deploy.signin.configuration import Listening
from deploy.signin.offering import Offering
from deploy.stages.console import open_console
from schemas.audit import EventType
from streams.audit.chain import Chains
from streams.audit.reader import Reader, read_events
from tests.support.browser import Browser, Guest
from tests.support.pipeline import Pipeline, free_port
from tests.support.waiting import wait_for
from topology.identity import PLATFORM
from topology.loading import load_topology
from topology.writers import is_by_its_writer

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons: {{authors: [cora], approvers: [cleo], operators: [curt], officers: [{name}-o], annotators: [carl]}}
"""
RECORD = {"customer": {"name": "Zorvik Quelmer", "note": "My kettle broke"}, "product": "kettle"}
WORDS = ("zorvik", "quelmer", "kettle")


@pytest.fixture(scope="module")
def pipeline(stack):
    """A project of this module alone, whose record has gone as far as a task."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    name = f"seen-{secrets.token_hex(4)}"
    folder = stack.root / "projects"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.yaml").write_text(PROJECT.format(name=name))
    apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
    made = Pipeline(stack.root, load_declared(stack.root), name)
    made.start("redact")
    made.sign("cora", "cleo")
    made.publish(RECORD)
    made.wait_records("tasks", 1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(stack, pipeline):
    """The console's."""
    port, label, stop = free_port(), free_port(), threading.Event()
    offering = Offering(stack.root, Listening(), None)
    project = pipeline.topology.project(pipeline.project)
    offering.start({pipeline.project: project}, {pipeline.project: label}, stack.endpoints.vault, console=port)
    with open_console(stack.root, port) as console:
        thread = threading.Thread(target=console.run, args=[stop], daemon=True)
        thread.start()
        wait_for(lambda: console.feed.ready, "everything is read")
        yield f"http://127.0.0.1:{port}"
        stop.set()
        thread.join(30)
    offering.stop()


@pytest.fixture(scope="module")
def officer(stack, pipeline, address):
    person = f"{pipeline.project}-o"
    invited = invitation.read(stack.root, invitation.console_name(person))
    browser = Browser(address)
    guest = Guest(browser, invited.person, invited.password, invited.otpauth)
    assert guest.sign_in() == "/"
    yield guest
    browser.close()


def rows(guest, query=""):
    answer = guest.browser.get(f"/v1/events?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def test_password_without_code_and_people_without_the_duty_do_not_get_in(stack, pipeline, officer):
    browser = Browser(officer.browser.origin)
    guest = Guest(browser, officer.person, officer.password, officer.otpauth)
    assert guest.fill_in(browser.begin(), code="").status_code == 401
    assert browser.get("/v1/me").status_code == 401
    browser.close()
    others = {it.person for it in invitation.invited_to_console(stack.root)}
    assert others == {officer.person, "cora", "cleo"}


def test_what_happened_is_seen_with_its_lineage_and_without_a_word_of_the_record(pipeline, officer):
    project = pipeline.project
    batch = wait_for(lambda: rows(officer, f"project={project}&type=batch.redacted"), "the batch")[0]
    assert batch["outcomes"] == {"task": 1}
    (task,) = pipeline.records("tasks")
    browser, texts = officer.browser, []
    traced = browser.get(f"/v1/lineage?project={project}&id=task/{task.task_id}")
    assert traced.status_code == 200, traced.text
    picture = browser.get(traced.json()["picture"])
    assert f"task {task.task_id[:8]}"[:6] in picture.text
    for path in ("metrics", "record", "signatures"):
        answer = browser.get(f"/v1/{path}?project={project}")
        assert answer.status_code == 200, answer.text
        texts.append(answer.text)
    assert '"state":"in_force"' in texts[-1]
    texts += [traced.text, picture.text, browser.get("/v1/events").text]
    assert [word for word in WORDS for text in texts if word in text.lower()] == []


def test_each_look_is_on_the_audit_in_signed_chains(pipeline, officer, stack):
    officer.browser.get(f"/v1/signatures?project={pipeline.project}")
    with compliance(stack.root) as seen:
        chains, found = Chains(seen.topology.pins.keys), []
        reader = Reader(seen.codec)
        events = [
            event
            for event in read_events(seen.log, reader, [audit_topic(PLATFORM)])
            if event.process == f"console.{PLATFORM}"
        ]
        for event in events:
            found += chains.add(event)
    assert (found + chains.end(), reader.findings) == ([], [])
    assert all(is_by_its_writer(event) for event in events)
    mine = {event.type for event in events if event.person == officer.person}
    assert {EventType.CONSOLE_ENTERED, EventType.CONSOLE_LOOKED} <= mine


def test_the_console_may_open_nothing_and_write_nothing_else(stack, pipeline, address):
    """Its rights are those of the flow; here: it holds no key of a person and no view key."""
    topology = load_declared(stack.root)
    role = topology.flow.roles["console"]
    assert (role.vault.decrypt, role.vault.documents, role.sees) == ((), {}, frozenset())
    assert role.writes == ("audit.platform",)
