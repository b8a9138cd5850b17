"""An order of two people on the real topics: records become tasks anew, by no older policy than ordered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import Reason
from schemas.reredaction import Origin, origin_headers
from streams.audit.reredactions import carried
from tests.support.waiting import wait_for
from topology.policies import load_policy
from topology.policies.canonical import with_hash

pytestmark = pytest.mark.stack

RECORDS = 3


@pytest.fixture(scope="module")
def anew(pipeline_of):
    pipeline = pipeline_of("anew")
    pipeline.sign("noa", "nils")
    pipeline.start("replay", "redact", "label", "join", "keeper")
    yield pipeline
    pipeline.reconciled()


def test_each_record_becomes_a_task_anew_and_the_earlier_one_is_pulled_everywhere(anew):
    anew.publish(*({"text": f"please send number {number}"} for number in range(RECORDS)))
    before = {task.task_id for task in anew.wait_records("tasks", RECORDS)}
    anew.order_again("nora", "nils")
    tasks = anew.wait_records("tasks", 2 * RECORDS)
    assert sorted(task.revision for task in tasks) == [1, 1, 1, 2, 2, 2]
    assert {task.supersedes for task in tasks if task.revision == 2} == before
    wait_for(lambda: (found := carried(anew.audit()).get(1)) and found.done, "the order is done")
    found = carried(anew.audit())[1]
    assert (found.copied, found.redacted, found.missed) == (RECORDS, RECORDS, 0)
    keeper = f"keeper.{anew.project}"

    def dropped() -> bool:
        events = anew.events(EventType.TASK_WITHDRAWN)
        return before <= {event.resource.removeprefix("task/") for event in events if event.process == keeper}

    wait_for(dropped, "the keys of the earlier tasks are destroyed")


def test_an_order_waits_for_the_policy_it_is_for(anew):
    better = with_hash(replace(load_policy("demo"), version=2))
    anew.order_again("nora", "nils", number=2, policy=2)
    anew.wait_event(
        "that the order is taken up",
        lambda event: event.type is EventType.REREDACTION_BEGUN and event.details["number"] == "2",
    )
    anew.sign("noa", "nils", policy=better)
    tasks = anew.wait_records("tasks", 3 * RECORDS)
    assert [task.policy for task in tasks if task.revision == 3] == [better.hash] * RECORDS


def test_a_copy_that_replay_did_not_write_so_is_refused(anew):
    """As an administrator could write it, past every right."""
    topic = f"again.{anew.project}"
    headers = dict(origin_headers(Origin(0, 0, 2, 1))) | {"veil-revision": b"1"}
    anew.write(topic, b"k", b"forged", tuple(headers.items()))
    refused = anew.wait_event(
        "that it is refused",
        lambda event: event.type is EventType.RECORD_REFUSED and event.resource.startswith(f"message/{topic}/"),
    )
    assert (refused.process, refused.reason) == (f"redact.{anew.project}", Reason.MISSING_HEADER)
