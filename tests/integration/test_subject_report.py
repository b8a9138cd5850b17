"""What is held of a person is told on the real broker and vault, on the audit first; nobody else's is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.erasing import erase, standings
from deploy.granting import SecondFactor
from deploy.reporting import report_on
from deploy.signin.totp import code_at
from deploy.subjects import Subject
from schemas.audit import EventType
from schemas.erasure import ErasureReason
from schemas.errors import ConfigError
from schemas.records import LabelSpan
from tests.support.announced import used
from tests.support.inviting import invited
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from vault.people import PeopleProvisioner
from vault.session import Credentials, Session

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons:
  authors: [iva]
  approvers: [ines]
  operators: [igor]
  annotators: [ina, ivo, ilse]
"""
SUBJECT, OTHER, NOBODY = (f"{who}@reported.example" for who in ("trelvane", "osgrath", "mivordel"))
"""In no record of another test: all share `control`."""
NOT_KEEPER = ("redact", "label", "decide", "join")


@dataclass
class Ground:
    """A project with three joined tasks, two of them of one person, and who may ask."""

    pipeline: Pipeline
    people: PeopleProvisioner
    vault_log: Path

    def factor(self, person):
        """A password and a code of its own: a code is good once."""
        enrolled = self.people.enrol(person, "the-password-of-a-test")
        return SecondFactor(enrolled.password, code_at(enrolled.otpauth, int(time.time())))

    def report(self, text, person="igor"):
        return report_on(
            self.pipeline.root, self.pipeline.project, person, Subject(text), lambda: self.factor(person)
        )

    def erased(self, text):
        for person in ("igor", "ines"):
            erase(
                self.pipeline.root,
                self.pipeline.project,
                person,
                Subject(text),
                ErasureReason.REHEARSAL,
                lambda person=person: self.factor(person),
            )

    def asked(self):
        return self.pipeline.events(EventType.SUBJECT_REPORTED)


def record(email, number):
    return {"customer": {"email": email, "note": f"My kettle broke, number {number}"}, "product": "kettle"}


def label_kettle(client, lease):
    field = "customer.note"
    at = lease.fields[field].index("kettle")
    client.label(lease, [LabelSpan(field, at, at + 6, "PRODUCT")], {"tone": "negative"})


@pytest.fixture(scope="module")
def ground(stack):
    with invited(stack, "reported", PROJECT) as pipeline:
        place = stack.endpoints.vault
        session = Session(place.url, place.ca_file, Credentials(token=place.token_file.read_text().strip()))
        pipeline.start(*NOT_KEEPER)
        pipeline.sign("iva", "ines")
        pipeline.publish(*(record(email, n) for n, email in enumerate((SUBJECT, OTHER, SUBJECT))))
        pipeline.wait_records("tasks", 3)

        def joined() -> bool:
            pipeline.annotate("igor", ("ina", "ivo", "ilse"), label_kettle)
            return len(pipeline.records("joined")) >= 3

        wait_for(joined, "three tasks are joined")
        yield Ground(pipeline, PeopleProvisioner(session), place.audit_log)
        session.close()


def counts(answer):
    found = {}
    for held in answer.report.held:
        kind = held.place.removesuffix(f".{answer.report.project}")
        found.setdefault(kind, held.count)
    return found


def test_what_is_held_is_told_place_by_place_and_becomes_less_when_they_are_erased(ground):
    pipeline, began = ground.pipeline, int(time.time() * 1000)
    answer = ground.report(SUBJECT)
    found, vault = counts(answer), f"Vault veil-{pipeline.project}"
    assert {
        kind: found[kind] for kind in ("raw", "tasks", "segments", "joined", "verdicts", vault)
    } == dict.fromkeys(("raw", "tasks", "segments", "joined", "verdicts", vault), 2)
    assert (found["labels"], found["who labels"], answer.erasure) == (6, 6, "none")
    assert set(answer.report.tasks) < {task.task_id for task in pipeline.records("tasks")}
    assert {held.policies for held in answer.report.held if held.place.startswith("raw")} == {("demo@1",)}
    raw, labels = (
        next(it for it in answer.report.held if it.place.startswith(kind)) for kind in ("raw.", "labels.")
    )
    assert began < raw.until < labels.until

    ground.erased(SUBJECT)
    pipeline.start("keeper")
    wait_for(
        lambda: [it.state for it in standings(pipeline.root, pipeline.project)] == ["over"], "the erasure is over"
    )
    after = ground.report(SUBJECT, "ines")
    assert (after.erasure, set(after.report.tasks)) == ("over", set(answer.report.tasks))
    assert [it.person for it in after.report.erasure.signed] == ["igor", "ines"]
    left = counts(after)
    assert left.keys() & {vault, "segments"} == set()
    assert (left["raw"], left["control"]) == (2, 2)
    assert all(it.until for it in after.report.held if it.place.startswith("joined."))
    told = json.dumps(after.as_json())
    assert "reported.example" not in told
    announced(ground, began)


def announced(ground, began):
    """Each use of Vault by who asked is told by an event, and none was denied."""
    pipeline = ground.pipeline
    found = used(ground.vault_log, pipeline.audit(), pipeline.project, {"person.igor", "person.ines"}, began)
    assert found.alerts == []
    assert found.opened >= 4, "two reports, two signatures"


def test_who_is_held_by_nobody_reads_like_who_was_never_known(ground):
    answer = ground.report(NOBODY)
    assert (dict(answer.report.tasks), answer.erasure) == ({}, "none")
    assert [it.place for it in answer.report.held] == [f"audit.{ground.pipeline.project}"], "the question itself"
    other = ground.report(OTHER)
    assert len(other.report.tasks) == 1
    assert other.report.unknown == answer.report.unknown


def test_a_question_is_on_the_audit_under_the_hash_alone(ground):
    before = {event.event_id for event in ground.asked()}
    answer = ground.report(OTHER, "ines")
    (event,) = (it for it in ground.asked() if it.event_id not in before)
    assert (event.person, event.process) == ("ines", "person.ines")
    assert event.resource == f"control/erase/{ground.pipeline.project}/{answer.report.subject}"


@pytest.mark.parametrize("person", ["iva", "ina", "nobody"])
def test_who_may_not_erase_may_not_ask_and_nothing_is_looked_up(ground, person):
    before = len(ground.asked())
    with pytest.raises(ConfigError, match=f"{person} may not ask what is held"):
        ground.report(OTHER, person)
    assert len(ground.asked()) == before


def test_a_wrong_code_opens_nothing_and_tells_nothing(ground):
    before, wrong = len(ground.asked()), SecondFactor("the-password-of-a-test", "000000")
    with pytest.raises(ConfigError, match="lets nobody in"):
        report_on(ground.pipeline.root, ground.pipeline.project, "igor", Subject(OTHER), lambda: wrong)
    assert len(ground.asked()) == before


def test_whom_somebody_asked_about_is_on_no_topic_and_in_no_log(ground, stack):
    ground.report(NOBODY)
    for topic in (
        f"audit.{ground.pipeline.project}",
        "audit.platform",
        "control",
        f"segments.{ground.pipeline.project}",
    ):
        for message in ground.pipeline.log.read(topic):
            assert NOBODY.encode() not in (message.value or b"") + (message.key or b"")
    logs = [path for path in stack.root.joinpath("logs").iterdir() if path.is_file()]
    assert not [path for path in logs if NOBODY.encode() in path.read_bytes()]
