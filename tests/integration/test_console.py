"""An officer before the console on the real parts: signs in, sees what happened, and leaves it on the audit."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.compliance import audit_topic, compliance
from deploy.freezing import freeze, resume
from deploy.incidents import open_incident, tick_off
from deploy.persons import load_declared
from deploy.signin import invitation
from deploy.signin.configuration import Listening
from deploy.signin.offering import Offering
from deploy.stages.console import IDENTITY as CONSOLE
from deploy.stages.console import open_console
from schemas.audit import EventType
from schemas.control import Freezable, FreezeReason
from schemas.quarantine_release import QuarantineRelease, ReleaseReason
from streams.audit.chain import Chains
from streams.audit.reader import Reader, read_events
from tests.support.browser import Browser, Guest
from tests.support.codes import fresh_code
from tests.support.declaring import declared
from tests.support.handing import handed
from tests.support.pipeline import free_port, on_shared_stack
from tests.support.waiting import wait_for
from topology.identity import PLATFORM
from topology.policies import load_policy, load_policy_bytes, policy_bytes
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
USED: set[str] = set()
"""Codes of second factors."""


@pytest.fixture(scope="module")
def pipeline(stack):
    """A project of this module alone, whose record has gone as far as a task."""
    if stack.endpoints.vault.audit_log is None:
        pytest.skip("needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    with declared(stack, "seen", PROJECT) as name:
        made = on_shared_stack(stack.root, load_declared(stack.root), name)
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
    with open_console(stack.root, port, handed=handed(stack.root, CONSOLE)) as console:
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
    assert others == {officer.person, "cora", "cleo", "curt"}


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


def test_a_person_signs_with_a_second_factor_of_that_moment_and_the_policy_is_in_force(stack, pipeline, officer):
    """The console sees neither password nor key: it carries a signature that everybody can check."""
    policy = next_version(load_policy("demo"))
    pipeline.sign("cora", policy=policy)
    browser, cleo = guest_of(stack, officer, "cleo")

    def pending():
        told = browser.get(f"/v1/signatures?project={pipeline.project}").json()
        assert told["signs"]
        return [one for one in told["policies"] if (one["target"], one["state"]) == (policy.hash, "pending")]

    (one,) = wait_for(pending, "it waits for cleo")
    assert [it["persons"] for it in one["missing"]] == [["cleo"]]
    asked = {"project": pipeline.project, "kind": "policy", "target": policy.hash}
    address = browser.post("/v1/signings", asked).json()["address"]
    code = fresh_code(cleo.otpauth, USED)
    page = httpx.get(address)
    assert policy.hash in page.text
    assert signed(address, cleo.password, "000000").status_code == 401
    answer = signed(address, cleo.password, code)
    assert answer.status_code == 303, answer.text
    assert cleo.password not in answer.headers["location"]
    came = browser.http.get(answer.headers["location"], headers={"sec-fetch-site": "cross-site"})
    assert came.headers["location"] == f"/#signatures?project={pipeline.project}"
    with compliance(stack.root) as seen:
        assert seen.book().policy_in_force(pipeline.project).hash == policy.hash
        events = read_events(seen.log, Reader(seen.codec), [audit_topic(PLATFORM)])
        published = [it for it in events if it.type is EventType.POLICY_PUBLISHED and it.person == "cleo"]
    assert [it.process for it in published] == [f"console.{PLATFORM}"]
    browser.close()


@dataclass(frozen=True)
class Lifted:
    """A freeze as the console showed it, what the door said of it, and where its end led back to."""

    shown: dict
    door: str
    back: str


@pytest.fixture(scope="module")
def lifted(stack, pipeline, officer):
    """A freeze by curt. The approver has signed with the command that it is over, then curt at the door."""
    project = pipeline.project
    freeze(stack.root, project, "curt", [Freezable.REDACT], FreezeReason.REHEARSAL)
    wait_for(lambda: obeyed(pipeline, f"freeze/{project}/curt"), "redact has stopped")
    resume(stack.root, project, "cleo")
    browser, curt = guest_of(stack, officer, "curt")

    def stopped():
        found = browser.get(f"/v1/signatures?project={project}").json()["freezes"]
        return [one for one in found if [it["signer"] for it in one["signatures"]] == ["cleo"]]

    (one,) = wait_for(stopped, "it waits for curt")
    asked = {"project": project, "kind": "lift", "target": "curt"}
    address = browser.post("/v1/signings", asked).json()["address"]
    door = httpx.get(address).text
    answer = signed(address, curt.password, fresh_code(curt.otpauth, USED))
    came = browser.http.get(answer.headers["location"], headers={"sec-fetch-site": "cross-site"})
    browser.close()
    return Lifted(one, door, came.headers["location"])


def obeyed(pipeline, key):
    return [it for it in pipeline.audit() if it.type is EventType.CONTROL_APPLIED and it.details.get("key") == key]


def test_an_operator_signs_there_that_a_freeze_is_over_and_the_stages_go_on(stack, pipeline, lifted):
    """It is on the audit as carried."""
    one, project = lifted.shown, pipeline.project
    missing = [it["persons"] for it in one["missing"]]
    assert (one["target"], one["stages"], missing) == ("curt", ["redact"], [["curt"]])
    assert f"up to version {one['version']}" in lifted.door
    assert lifted.back == f"/#signatures?project={project}"
    with compliance(stack.root) as seen:
        assert seen.book().freezes(project) == {}
        events = read_events(seen.log, Reader(seen.codec), [audit_topic(PLATFORM)])
        carried = [it for it in events if it.type is EventType.LIFT_CARRIED]
    assert [(it.person, it.process, it.details["of"]) for it in carried] == [
        ("curt", f"console.{PLATFORM}", "curt")
    ]
    assert is_by_its_writer(carried[0])


def test_an_approver_signs_there_that_a_record_leaves_quarantine(stack, pipeline, officer):
    """Which record, why and since when is told; it is on the audit as carried."""
    project, order = pipeline.project, QuarantineRelease(0, 99, 1, 1, ReleaseReason.ACCEPTED_RISK)
    pipeline.release("curt", order=order)
    browser, cleo = guest_of(stack, officer, "cleo")
    path = f"/v1/signatures?project={project}"
    (one,) = wait_for(lambda: browser.get(path).json()["releases"], "it waits for cleo")
    assert (one["name"], one["reason"], one["version"]) == (f"raw.{project}/0/99", "accepted_risk", 1)
    assert [it["persons"] for it in one["missing"]] == [["cleo"]]
    asked = {"project": project, "kind": "release", "target": order.target}
    address = browser.post("/v1/signings", asked).json()["address"]
    assert "in spite of its risk, under policy version 1, because: accepted_risk" in httpx.get(address).text
    answer = signed(address, cleo.password, fresh_code(cleo.otpauth, USED))
    came = browser.http.get(answer.headers["location"], headers={"sec-fetch-site": "cross-site"})
    assert came.headers["location"] == f"/#signatures?project={project}"
    browser.close()
    with compliance(stack.root) as seen:
        assert seen.book().quarantine_releases(project).of(order.target) == (order,)
        events = read_events(seen.log, Reader(seen.codec), [audit_topic(PLATFORM)])
        carried = [it for it in events if it.type is EventType.RELEASE_CARRIED]
    assert [(it.person, it.process, it.reason) for it in carried] == [
        ("cleo", f"console.{PLATFORM}", "accepted_risk")
    ]
    assert is_by_its_writer(carried[0])


@pytest.mark.usefixtures("lifted")
def test_an_incident_is_read_with_its_order_and_who_obeyed(stack, pipeline, officer):
    project = pipeline.project
    incident = open_incident(stack.root, project, "curt", playbook="stolen-account")
    tick_off(stack.root, project, "cleo", incident, 1)
    ids = [it["id"] for it in officer.browser.get(f"/v1/incidents?project={project}").json()["incidents"]]
    assert ids == [incident]
    answer = officer.browser.get(f"/v1/incidents?project={project}&id={incident}")
    told = answer.json()
    assert (told["works"], told["done"], told["plan"][0]["by"]["person"]) == (False, 1, "cleo")
    orders = {one["key"]: [it["by"] for it in one["obeyed"]] for one in told["orders"]}
    assert orders[f"freeze/{project}/curt"] == [f"redact.{project}"]
    assert f"lift/{project}/curt/curt" in orders
    assert [word for word in WORDS if word in answer.text.lower()] == []


def guest_of(stack, officer, person):
    """A browser in which somebody who was invited has signed in, and they."""
    invited = invitation.read(stack.root, invitation.console_name(person))
    browser = Browser(officer.browser.origin)
    guest = Guest(browser, invited.person, invited.password, invited.otpauth)
    assert guest.sign_in(code=fresh_code(guest.otpauth, USED)) == "/"
    return browser, guest


def next_version(policy):
    return load_policy_bytes(policy_bytes(replace(policy, version=policy.version + 1)))


def signed(address, password, code):
    place = urlsplit(address)
    headers = {"origin": f"{place.scheme}://{place.netloc}", "sec-fetch-site": "same-origin"}
    return httpx.post(address, data={"password": password, "code": code}, headers=headers)


def test_the_console_may_open_nothing(stack, address):
    """What the matrix tests try, said once in words."""
    topology = load_declared(stack.root)
    role = topology.flow.roles["console"]
    assert (role.vault.decrypt, role.vault.documents, role.sees) == ((), {}, frozenset())
    assert role.writes == ("control", "audit.platform")
