"""What may be told of a placeholder, on the real broker and vault: on record first, and gone with its task."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from schemas.audit import EventType
from schemas.errors import Reason, Refused
from schemas.records import Task
from streams.label.client import LabelClient
from streams.label.commands import ReportReason
from streams.label.forms import HintView, LeaseView
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from topology.policies import parse_policy
from vault.segments.opening import ViewKeys

pytestmark = pytest.mark.stack

POLICY = parse_policy(
    """
name: hinted
version: 1
owner: the tests
review_by: 2036-12-31
fields: {text: detect}
labels: {choices: {tone: [good, bad]}}
overlap: 1
hints: {categories: {LOCATION: country}, per_task: 2, apps: true}
""",
    "hinted",
)
CITY, COUNTRY = "Almaty", "Kazakhstan"
TEXT = f"Send it to {CITY} please, the kettle broke"
TOPICS = ("tasks", "labels", "label-state", "segments", "audit", "work", "verdicts", "joined")


@dataclass(frozen=True)
class Story:
    """One task: leased, asked about, asked about again after label was restarted, reported."""

    pipeline: Pipeline
    task: Task
    lease: LeaseView
    told: HintView
    told_again: HintView
    more: Reason
    """Why nothing more was told of the task."""
    sealed: bytes
    """What lay with the task's key before it was pulled."""
    after: Reason
    """Why nothing was told after that."""


def refusal(client: LabelClient, lease: LeaseView, placeholder: str) -> Reason:
    with pytest.raises(Refused) as refused:
        client.hint(lease, placeholder)
    return refused.value.reason


def views(pipeline: Pipeline) -> ViewKeys:
    return ViewKeys(pipeline.administrators_vault(), pipeline.project)


@pytest.fixture(scope="module")
def story(pipeline_of):
    pipeline = pipeline_of("hinted")
    pipeline.start()
    pipeline.sign("hettie", "horst", policy=POLICY)
    pipeline.publish({"text": TEXT})
    (task,) = pipeline.wait_records("tasks", 1)
    with pipeline.client("hilda", "hamza") as client:
        lease = wait_for(client.lease, "a lease")
        told = client.hint(lease, "[LOCATION_1]")
    pipeline.restart("label")
    with pipeline.client("hilda", "hamza") as client:
        told_again = client.hint(lease, "[LOCATION_1]")
        more = refusal(client, lease, "[LOCATION_2]")
        sealed = views(pipeline).hints(task.segment_id, task.task_id)
        client.report(lease, ReportReason.PERSONAL_DATA)
        after = refusal(client, lease, "[LOCATION_1]")
    return Story(pipeline, task, lease, told, told_again, more, sealed, after)


def test_the_country_is_told_after_the_ask_is_on_record(story):
    assert story.lease.hints == {"LOCATION": "country"}
    assert (story.told.hint, story.told.left) == (f"city in {COUNTRY}", 1)
    shown = story.pipeline.events(EventType.HINT_SHOWN)
    assert {(it.person, it.resource) for it in shown} == {("hamza", f"task/{story.task.task_id}")}


def test_nothing_of_it_is_on_any_topic(story):
    for kind in TOPICS:
        for message in story.pipeline.messages(kind):
            assert COUNTRY.encode() not in (message.value or b"")
            assert CITY.encode() not in (message.value or b"")


def test_a_restart_forgets_no_ask_and_changes_no_answer(story):
    assert story.told_again == story.told
    assert [it.details["again"] for it in story.pipeline.events(EventType.HINT_SHOWN)] == ["false", "true"]
    assert story.more is Reason.UNKNOWN_PLACEHOLDER
    assert story.pipeline.reconciled()


def test_a_task_that_is_pulled_takes_its_hints_with_it(story):
    assert COUNTRY.encode() in story.sealed
    assert story.after in {Reason.ALREADY_SUBMITTED, Reason.WITHDRAWN, Reason.UNKNOWN_LEASE}
    task, ended = story.task, {EventType.SEGMENT_DESTROYED, EventType.SEGMENT_REWRITTEN}
    segment = f"segment/{task.segment_id}"
    story.pipeline.wait_event("of its end", lambda it: it.type in ended and it.resource == segment)
    with pytest.raises(Refused) as refused:
        views(story.pipeline).hints(task.segment_id, task.task_id)
    assert refused.value.reason in {Reason.WITHDRAWN, Reason.UNKNOWN_SEGMENT}
